"""The page listens through the microphone of a real browser, which plays a file."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.api.page.browsing import DESKTOP, PHONE, Microphone, Opener, saved
from tests.api.page.sounds import NAMES, RATE_HZ, heard, place_in_song

pytestmark = pytest.mark.real_time

STEP_S = 0.1
"""Half the last digit that the page shows, and half a hop, to either side."""


def listen(page: Page, *, length: str = "5 s") -> None:
    page.get_by_role("radio", name=length).check()
    page.get_by_role("button", name="Listen").click()
    expect(page.get_by_role("button", name="Stop and ask")).to_be_visible()


def shown_offset_s(page: Page) -> float:
    minutes, seconds = page.locator("#offset").inner_text().split(":")
    return 60 * int(minutes) + float(seconds)


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_noisy_music_at_the_microphone_is_recognised_with_its_place(
    device: dict[str, Any], open_page: Opener, microphone: Microphone, songs: dict[str, int]
) -> None:
    name = "Śpiew <b>ptaków</b>"
    microphone.play(heard(songs[name], 7.3), RATE_HZ)
    page = open_page(**device)
    listen(page)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"[1-5] s"))
    expect(page.locator("#level")).not_to_have_attribute("aria-valuenow", "-60")

    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(page.locator("#verdict")).to_have_text("Match")
    filename, recording = saved(page)
    assert filename == "recording.wav"
    true_s, length_s = place_in_song(recording, songs[name])
    assert 7.2 < true_s < 12
    assert shown_offset_s(page) == pytest.approx(true_s, abs=STEP_S)
    assert length_s == pytest.approx(5, abs=0.5)
    expect(page.get_by_role("heading", name="How this was found")).to_be_visible()
    assert open_page.complaints == []


def test_browser_without_audio_worklets_records_in_what_it_can_encode(
    open_page: Opener, microphone: Microphone, songs: dict[str, int]
) -> None:
    microphone.play(heard(songs["The City Falls"], 4.0), RATE_HZ)
    missing = (
        "Object.defineProperty(BaseAudioContext.prototype, 'audioWorklet', {value: undefined})"
    )
    page = open_page(script=missing)
    listen(page)
    expect(page.get_by_role("heading", name="The City Falls")).to_be_visible()
    assert 4.0 <= shown_offset_s(page) < 9
    filename, _ = saved(page)
    assert filename == "recording.webm"


def test_listening_ends_early_when_asked(
    open_page: Opener, microphone: Microphone, songs: dict[str, int]
) -> None:
    microphone.play(heard(songs["Knalgan Theme"], 3.0), RATE_HZ)
    page = open_page()
    listen(page, length="10 s")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^[2-5] s"))
    page.get_by_role("button", name="Stop and ask").click()
    expect(page.get_by_role("heading", name="Knalgan Theme")).to_be_visible()
    _, length_s = place_in_song(saved(page)[1], songs["Knalgan Theme"])
    assert 4 <= length_s < 9


def test_escape_stops_listening_and_asks_nothing(
    open_page: Opener, microphone: Microphone, songs: dict[str, int]
) -> None:
    microphone.play(heard(songs["Knalgan Theme"], 3.0), RATE_HZ)
    page = open_page()
    listen(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Listen")).to_be_visible()
    expect(page.locator("#answer")).to_be_hidden()
    assert open_page.asked("recognize") == []


def test_microphone_is_opened_without_the_processing_meant_for_speech(
    open_page: Opener, microphone: Microphone, songs: dict[str, int]
) -> None:
    microphone.play(heard(songs["Knalgan Theme"], 3.0), RATE_HZ)
    keep = """
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (constraints) => {
            window.opened = await open(constraints);
            return window.opened;
        };
    """
    page = open_page(script=keep)
    listen(page)
    settings = page.evaluate("window.opened.getAudioTracks()[0].getSettings()")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Listen")).to_be_visible()
    for name in ("echoCancellation", "noiseSuppression", "autoGainControl"):
        assert settings[name] is False
    assert page.evaluate("window.opened.getAudioTracks()[0].readyState") == "ended"


def test_muted_microphone_is_told_of_instead_of_asked_about(
    open_page: Opener, microphone: Microphone, songs: dict[str, int]
) -> None:
    microphone.play(np.zeros(8 * RATE_HZ, np.float32), RATE_HZ)
    page = open_page()
    listen(page)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^[1-3] s"))
    page.get_by_role("button", name="Stop and ask").click()
    expect(page.get_by_role("alert").first).to_contain_text("nothing but silence")
    assert open_page.asked("recognize") == []
    assert set(songs) == set(NAMES)
