"""What the page shows of a recording from a file: the answer, and how it came about."""

from __future__ import annotations

import re
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from scipy import signal

from tests.api.material import wav
from tests.api.page.browsing import PHONE, Opener, audio, drop
from tests.api.page.sounds import RATE_HZ, part, samples


def choose(page: Page, content: bytes, name: str = "part.wav") -> None:
    page.locator("#file").set_input_files(audio(name, content))


def shades(page: Page, canvas: str) -> int:
    """Return how many different colours a canvas shows."""
    count: int = page.locator(canvas).evaluate(
        """(canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )
    return count


def test_chosen_file_is_recognised_and_explained(open_page: Opener, songs: dict[str, int]) -> None:
    page = open_page()
    choose(page, part(songs["The City Falls"], 11.5, 5))
    expect(page.get_by_role("heading", name="The City Falls")).to_be_visible()
    expect(page.locator("#sentence")).to_have_text("The recording begins 0:11.5 into the song.")
    expect(page.locator("#strip")).to_have_attribute(
        "aria-label", "The recording is 0:11.5 to 0:16.5 of 0:24"
    )
    expect(page.get_by_role("row").nth(1)).to_contain_text("The City Falls")

    expect(page.get_by_role("heading", name="How this was found")).to_be_visible()
    for canvas, said in {
        "#constellation": "peaks of The City Falls",
        "#histogram": "at 0:11.5",
        "#alignment": "on the diagonal that begins at 0:11.5",
    }.items():
        label = page.locator(canvas).get_attribute("aria-label")
        assert label is not None
        assert said in label
        assert shades(page, canvas) > 10
    assert open_page.complaints == []


def test_of_a_long_recording_the_page_says_from_when_to_when_the_song_is_heard(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    silence = np.zeros(15 * RATE_HZ, np.float32)
    music = samples(songs["The City Falls"])[2 * RATE_HZ : 12 * RATE_HZ]
    choose(page, wav(np.concatenate([silence, music, silence]), RATE_HZ))
    expect(page.get_by_role("heading", name="The City Falls")).to_be_visible()
    said = page.locator("#sentence")
    expect(said).to_contain_text(re.compile(r"^It is heard from 0:(14|15)\.\d to 0:(24|25)\.\d "))
    expect(said).to_contain_text(
        re.compile(r"of the recording, where the song is at 0:0[12]\.\d\.$")
    )
    expect(page.locator("#strip")).to_have_attribute(
        "aria-label", re.compile(r"^What is heard is 0:0[12]\.\d to 0:1[12]\.\d of 0:24$")
    )


def test_of_a_file_that_is_cut_off_the_page_says_how_much_was_heard(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    whole = part(songs["The City Falls"], 11.5, 10)
    choose(page, whole[: round(0.6 * len(whole))])
    expect(page.get_by_role("heading", name="The City Falls")).to_be_visible()
    expect(page.locator("#sentence")).to_have_text(
        "The recording begins 0:11.5 into the song. A note on the recording: "
        "decoded 6.0 of 10.0 s: the recording is cut off."
    )


def test_evidence_is_named_as_in_the_field_and_has_a_number_for_every_name(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    choose(page, part(songs["Knalgan Theme"], 2, 5))
    expect(page.get_by_role("heading", name="Alignment")).to_be_visible()
    rows = page.locator("#evidence > div")
    expect(rows.first).to_be_visible()
    shown = {row.locator("dt").inner_text(): row.locator("dd").inner_text() for row in rows.all()}
    assert [name.lower() for name in shown] == [
        "shared hashes at one offset (votes)",
        "their weight over the chance level",
        "song peaks found again, near ones counted in part",
        "loudness at the song’s peaks (rank z)",
        "loudness of all frequencies at the same times (broadband z)",
        "how far the recording’s own peaks stand out (spectral crest)",
        "hypotheses tried, each one more chance to be wrong",
        "probability that follows",
    ]
    assert all(re.match(r"[<>+−]? ?\d", value) for value in shown.values()), shown


def test_answer_is_announced_to_screen_readers(open_page: Opener, songs: dict[str, int]) -> None:
    page = open_page()
    announcer = page.get_by_role("status")
    expect(announcer).to_have_attribute("aria-live", "polite")
    choose(page, part(songs["Knalgan Theme"], 2, 5))
    expect(announcer).to_contain_text("Match: Knalgan Theme, 0:02.0 into the song, confidence")
    choose(page, part(99, 2, 5))
    expect(announcer).to_contain_text("No match.")


def test_dropped_file_is_recognised(open_page: Opener, songs: dict[str, int]) -> None:
    page = open_page()
    drop(page.locator("#scope"), "dropped.wav", part(songs["Knalgan Theme"], 6, 5))
    expect(page.get_by_role("heading", name="Knalgan Theme")).to_be_visible()
    expect(page.locator("#chosen")).to_have_text("dropped.wav")


def test_unknown_music_is_no_match_and_the_page_says_why(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page(**PHONE)
    choose(page, part(99, 2, 6))
    expect(page.locator("#verdict")).to_have_text("No match")
    expect(page.locator("#sentence")).to_contain_text("an answer needs")
    expect(page.get_by_role("heading", name="Closest songs, none of them accepted")).to_be_visible()
    expect(page.get_by_role("heading", name="Why there is no match")).to_be_visible()
    shown = [page.get_by_role("heading", name=name).count() for name in songs]
    assert shown == [0] * len(songs)


def test_silence_is_no_match_and_has_no_song_to_show(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    choose(page, wav(np.zeros(5 * RATE_HZ, np.float32), RATE_HZ))
    expect(page.locator("#sentence")).to_contain_text("Nothing in the recording is found")
    expect(page.locator("#explanation-note")).to_contain_text("recording is silent")
    expect(page.locator("#histogram")).to_be_hidden()
    assert songs


def test_runner_up_can_be_laid_over_the_recording_and_layers_taken_away(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    choose(page, part(songs["The City Falls"], 3, 8))
    histogram = page.locator("#histogram")
    expect(histogram).to_have_attribute("aria-label", re.compile("The City Falls"))
    runner_up = page.locator("#place-1").inner_text()
    page.get_by_role("radio", name=runner_up).check()
    expect(histogram).to_have_attribute("aria-label", re.compile(re.escape(runner_up)))

    full = shades(page, "#constellation")
    for name in ("spectrogram", "pair that votes", "song’s peak, found again"):
        page.get_by_role("checkbox", name=name).uncheck()
    assert shades(page, "#constellation") < full / 2


def test_long_recording_can_be_searched_for_every_song(
    open_page: Opener, client: httpx.Client, songs: dict[str, int]
) -> None:
    longest_s = client.get("/profile").json()["query"]["max_query_s"]
    first, second = songs["Knalgan Theme"], songs["The City Falls"]
    rate_hz = 8_000  # keeps the upload within the server's two megabytes
    silence = np.zeros(round((longest_s - 10) * rate_hz), np.float32)
    programme = [_at(rate_hz, first), silence, _at(rate_hz, second)]
    page = open_page()
    choose(page, wav(np.concatenate(programme), rate_hz), "programme.wav")
    expect(page.locator("#scan-note")).to_have_text(f"Only the first {longest_s:.0f} s were used.")
    page.get_by_role("button", name="Find every song in it").click()
    expect(page.locator("#appearances li")).to_have_count(2)
    expect(page.locator("#appearances li").first).to_contain_text("Knalgan Theme")
    expect(page.locator("#appearances li").last).to_contain_text("The City Falls")


def _at(rate_hz: int, seed: int) -> NDArray[Any]:
    resampled: NDArray[Any] = signal.resample_poly(samples(seed), rate_hz, RATE_HZ)
    return resampled
