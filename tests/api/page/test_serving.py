"""The page as files: where they are, what they may load, and what their headers say."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from api.page import STATIC
from tests.api.page.browsing import DESKTOP, PHONE, Opener


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_page_loads_without_complaints_and_from_its_own_server_only(
    device: dict[str, Any], open_page: Opener
) -> None:
    page = open_page(**device)
    expect(page.get_by_role("heading", name="Which song is this?")).to_be_visible()
    expect(page.locator("#profile-name")).not_to_be_empty()
    assert open_page.complaints == []
    assert all(url.startswith(f"{open_page.url}/") for url in open_page.requests)
    assert len(open_page.requests) > len(list(STATIC.glob("*.js")))


def test_profile_card_says_what_was_measured_and_what_never_was(
    open_page: Opener, client: httpx.Client
) -> None:
    profile = client.get("/profile").json()
    page = open_page()
    expect(page.locator("#profile-name")).to_have_text(profile["name"])
    measured = bool((profile["provenance"] or {}).get("overall"))
    note = page.locator("#accuracy-note")
    expect(note).to_have_text(re.compile("^Measured" if measured else "^Never measured"))
    calibrated = profile["decision"]["calibration"] is not None
    note = page.locator("#calibration")
    expect(note).to_have_text(re.compile("^Its confidence is" if calibrated else "^Never calib"))


def test_profile_card_tells_the_peaks_that_are_paired(
    open_page: Opener, client: httpx.Client
) -> None:
    profile = client.get("/profile").json()
    song = profile["fingerprint"]["peaks"]["max_peaks_per_s"]
    recording = profile["query"]["max_peaks_per_s"] or song
    expect(open_page().locator("#parameters")).to_contain_text(
        f"Peaks paired: song, recording{song:g} /s, {recording:g} /s"
    )


def test_documentation_names_no_song_before_its_reader_does(open_page: Opener) -> None:
    page = open_page()
    page.goto(f"{open_page.url}/docs")
    learn = page.locator("#operations-songs-learn_learn_post")
    learn.click()
    learn.get_by_role("button", name="Try it out").click()
    expect(learn.get_by_placeholder("song_name")).to_have_value("")
    expect(learn.get_by_placeholder("metadata")).to_have_value("{}")


def test_measured_profile_shows_its_shares_with_intervals(
    open_page: Opener, client: httpx.Client
) -> None:
    share = {"n_right": 93, "n": 100, "share": 0.93, "low": 0.863, "high": 0.966}
    row = {"condition": "babble-0db", "clip_s": 5.0, "metric": "accepted_right", **share}
    provenance = {
        "run": "classic-1",
        "corpus": {"name": "games"},
        "n_queries": 100,
        "date": "2026-05-01T12:00:00+00:00",
        "stated_false_alarm_rate": 0.005,
        "overall": {"accepted_right": share, "false_accept": {"share": None, "low": 0, "high": 1}},
        "metrics": [row],
    }
    served = client.get("/profile").json()
    served["provenance"] = provenance
    served["decision"]["calibration"] = None
    page = open_page()
    page.route("**/profile", lambda route: route.fulfill(json=served))
    page.reload()
    expect(page.locator("#accuracy-note")).to_have_text(
        "Measured on 100 queries of games (run classic-1, 2026-05-01) for 0.5% false alarms; "
        "bars are 95% intervals."
    )
    expect(page.locator("#accuracy li")).to_have_count(1)
    expect(page.locator("#accuracy")).to_contain_text("93.0%Accepted, and right 86.3% to 96.6%")
    page.get_by_text("By condition").click()
    expect(page.get_by_role("row", name="babble-0db")).to_contain_text("93.0% (86.3% to 96.6%)")
    expect(page.locator("#calibration")).to_contain_text("Never calibrated")


def test_page_and_its_files_carry_careful_headers(client: httpx.Client) -> None:
    for path, kind in (("/", "text/html"), ("/static/app.js", "javascript")):
        response = client.get(path)
        assert response.status_code == 200
        assert kind in response.headers["content-type"]
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "microphone=(self)" in response.headers["permissions-policy"]


def test_files_name_no_other_host() -> None:
    files = [path for path in STATIC.iterdir() if path.name != "icon.svg"]
    assert len(files) > 10
    for path in files:
        assert not re.search(r"https?://", path.read_text()), path.name


def test_nothing_beside_the_files_of_the_page_is_served(client: httpx.Client) -> None:
    for path in ("/static/../__init__.py", "/static/%2e%2e/__init__.py", "/static/nothing.js"):
        assert client.get(path).status_code == 404
