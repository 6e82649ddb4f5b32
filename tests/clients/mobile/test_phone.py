"""The page at the size of a phone, in a real browser with a microphone, and real servers."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from clients import history
from clients.history import Entry, History
from tests.clients.mobile.conftest import HEARD_FROM_S, TRACK, Service
from tests.clients.mobile.phone import OwnPage, Phone

pytestmark = pytest.mark.real_time

CLIPBOARD = ["clipboard-read", "clipboard-write"]

REFUSE = """() => {
    navigator.permissions.query = () => Promise.resolve({ state: "denied" });
    navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
}"""


def test_music_in_a_crowd_is_recognised_on_the_page_of_a_service(
    browser: Browser, service: Service
) -> None:
    phone = Phone(browser, f"{service.server.url}/app/", permissions=CLIPBOARD)
    try:
        phone.press("Listen")
        phone.sees("press to stop and ask")
        phone.sees(TRACK)
        shown = phone.page.locator("flt-semantics-host").inner_text()
        told = re.search(r"at (\d+):(\d\d) · (\d+)% sure", shown)
        assert told is not None
        minutes, seconds, percent = map(int, told.groups())
        assert 60 * minutes + seconds == pytest.approx(HEARD_FROM_S, abs=1.0)
        assert percent > 50
        phone.press("Copy")
        phone.sees("Copied")
        copied = phone.page.evaluate("navigator.clipboard.readText()")
        assert copied == f"♪ {TRACK} ({told[0].replace(' ·', ',')})"
        assert phone.foreign() == []
    finally:
        phone.close()


def test_what_was_recorded_without_a_server_is_answered_when_it_is_back(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    """The page's program is killed, too, and its history is long."""
    entry = Entry("2026-11-29T12:00:00+00:00", "Microphone", 7, "Before", 0.9, 1.0)
    History(tmp_path).add(entry)
    path = tmp_path / history.FILE
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "entries": [asdict(entry)] * 9_998}))
    page = OwnPage(tmp_path, service.server.url)
    phone = Phone(browser, page.url)
    try:
        service.server.stop()
        phone.press("Listen")
        phone.sees("5 s")
        phone.press("5 s")
        phone.sees("No server answers at")
        phone.sees("1 recording kept")
        expect(phone.button("Ask again")).to_be_visible()
        phone.page.evaluate(REFUSE)
        phone.press("Listen")
        phone.sees("The microphone may not be used: allow it")
        expect(phone.button("Record again")).to_be_visible()

        page.stop()
        service.start()
        page = OwnPage(tmp_path, service.server.url)
        phone.open(page.url)
        phone.sees(TRACK)
        phone.show("History")
        phone.sees("9,999 answers")
        phone.sees(TRACK)
        assert [one.song_name for one in History(tmp_path, 10_000).entries[:2]] == [TRACK, "Before"]
        assert list((tmp_path / "waiting").glob("*.wav")) == []
    finally:
        phone.close()
        page.stop()
