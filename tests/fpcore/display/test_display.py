"""Figures of every outcome render without a warning, say the answer, and repeat byte for byte."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.image import imread

from fpcore.display import (
    explanation_figure,
    plot_alignment,
    plot_constellation,
    plot_offset_histogram,
    plot_overlay,
    plot_pairs,
    plot_spectrogram,
    save_explanation,
    spectrogram_figure,
    verdict,
)
from fpcore.display.wording import MISSING, clock, odds, printable, shortened, song_label
from fpcore.errors import FpError
from fpcore.records import Landmarks, Match, Peaks, Signal, Spectrogram
from fpcore.search.explain import Explanation
from fpcore.stages import landmarks, peaks, spectrogram
from fpcore.store import Store
from tests.fpcore.explained import PROFILE, RATE_HZ, ask, excerpt, filled_store, looped, song
from tests.fpcore.synthetic import LEAN, tone

ODD_NAMES = [
    "$x_1^2$ and $unbalanced",
    "\\frac{1}{0} % # & ~ _",
    "日本語の歌 한국어 العربية",
    "emoji 🎵🎶 and \ue000 private",
    "line\nbreak\ttab\x07bell",
    "e\u0301 combining \u202eright-to-left",
    "a very long name " * 40,
    "無" * 300,
    " ",
    "",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    songs = {f"song {seed}": song(seed) for seed in range(3)} | {"loop": looped()}
    with filled_store(tmp_path_factory.mktemp("display") / "index.db", songs) as filled:
        yield filled


@pytest.fixture(scope="module")
def accepted(store: Store) -> Explanation:
    explanation = ask(store, excerpt(song(2), 10.3, 6.0), with_spectrogram=True).explanation
    assert explanation.accepted
    return explanation


@pytest.fixture(scope="module")
def rejected(store: Store) -> Explanation:
    explanation = ask(store, excerpt(song(77), 10.3, 6.0)).explanation
    assert explanation.matches
    assert not explanation.accepted
    return explanation


def renamed(explanation: Explanation, name: str) -> Explanation:
    matches = tuple(replace(match, song_name=name) for match in explanation.matches)
    places = tuple(
        replace(place, match=match)
        for place, match in zip(explanation.places, matches[:2], strict=True)
    )
    return replace(explanation, matches=matches, places=places)


def drawn(figure: Figure) -> bytes:
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def texts(figure: Figure) -> list[str]:
    in_axes = [text.get_text() for ax in figure.axes for text in ax.texts]
    return [text.get_text() for text in figure.texts] + in_axes


def samples_of(kind: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    silence = np.zeros(4 * RATE_HZ, np.float32)
    return {
        "clean": excerpt(song(2), 10.3, 6.0),
        "noisy": excerpt(song(2), 10.3, 6.0, noise=0.3),
        "unknown": excerpt(song(77), 10.3, 6.0),
        "short": excerpt(song(1), 5.0, 0.6),
        "loop": excerpt(looped(), 5.0, 6.0),
        "lead-in": np.concatenate([silence, excerpt(song(0), 0.0, 5.0)]),
        "tone": tone(1000.0, 4.0, RATE_HZ),
        "silence": silence,
        "snippet": silence[:100],
        "nothing": silence[:0],
    }[kind]


KINDS = [
    "clean",
    "noisy",
    "unknown",
    "short",
    "loop",
    "lead-in",
    "tone",
    "silence",
    "snippet",
    "nothing",
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_outcome_is_drawn_without_a_warning(store: Store, tmp_path: Path, kind: str) -> None:
    asked = ask(store, samples_of(kind), with_spectrogram=True)
    picture = tmp_path / "why.png"
    save_explanation(asked.explanation, picture)
    height, width, _ = imread(picture).shape
    assert (width, height) == (1200, 860)
    assert verdict(asked.explanation) in texts(explanation_figure(asked.explanation))


def test_one_song_alone_has_no_runner_up_and_is_drawn(tmp_path: Path) -> None:
    with filled_store(tmp_path / "one.db", {"only": song(2)}) as one:
        explanation = ask(one, excerpt(song(2), 10.3, 6.0)).explanation
    assert len(explanation.places) == 1
    figure = explanation_figure(explanation)
    assert drawn(figure)
    assert any("no other" in text for text in texts(figure))


def test_an_empty_index_is_drawn_with_the_reason(tmp_path: Path) -> None:
    with filled_store(tmp_path / "empty.db", {}) as empty:
        explanation = ask(empty, excerpt(song(2), 10.3, 6.0)).explanation
    assert verdict(explanation) == "No match: the index holds no songs."
    assert drawn(explanation_figure(explanation))


def test_verdict_of_an_accepted_song_names_time_confidence_and_votes(
    accepted: Explanation,
) -> None:
    best = accepted.matches[0]
    assert verdict(accepted) == (
        f"“song 2” at 0:10.3 — confidence {odds(best.confidence)}, {best.votes} votes"
    )


def test_verdict_of_a_guess_names_its_probability_and_the_threshold(
    rejected: Explanation,
) -> None:
    best = rejected.matches[0]
    assert verdict(rejected) == (
        f"No match: the best guess, “{best.song_name}”, has a probability of "
        f"{odds(best.probability)}, below the threshold 0.500"
    )


def test_verdict_of_a_song_that_begins_later_says_when(store: Store) -> None:
    explanation = ask(store, samples_of("lead-in")).explanation
    assert verdict(explanation).startswith("“song 0” begins 4.0 s into the recording — ")


def test_the_same_explanation_gives_the_same_bytes_in_any_style(
    accepted: Explanation, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    save_explanation(accepted, first)
    own_settings = {"font.size": 30, "axes.grid": True, "savefig.dpi": 20, "lines.color": "red"}
    with matplotlib.rc_context(own_settings):
        save_explanation(accepted, second)
    assert first.read_bytes() == second.read_bytes()
    assert b"Software" not in first.read_bytes()


def test_settings_of_matplotlib_are_as_before(accepted: Explanation) -> None:
    before = dict(matplotlib.rcParams)
    explanation_figure(accepted)
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_loaded() -> None:
    program = "import sys, fpcore.display; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_record_needs_no_plot_library() -> None:
    program = "import sys, fpcore.search.explain; print('matplotlib' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_drawn_without_a_warning(rejected: Explanation, name: str) -> None:
    figure = explanation_figure(renamed(rejected, name))
    assert drawn(figure)
    assert figure.texts[0].get_window_extent().x1 <= 1180


def test_dollars_stay_dollars(accepted: Explanation) -> None:
    figure = explanation_figure(renamed(accepted, "$x_1^2$"))
    named = [text for text in figure.texts if "$x_1^2$" in text.get_text()]
    named += [text for ax in figure.axes for text in ax.texts if "$x_1^2$" in text.get_text()]
    assert len(named) >= 2
    assert not any(text.get_parse_math() for text in named)


def test_a_failed_write_names_the_picture_and_leaves_the_old_one(
    accepted: Explanation, tmp_path: Path
) -> None:
    with pytest.raises(FpError, match=r"cannot write the picture .*why\.png: No such file"):
        save_explanation(accepted, tmp_path / "missing" / "why.png")
    folder = tmp_path / "why.png"
    folder.mkdir()
    with pytest.raises(FpError, match=r"why\.png is no regular file"):
        save_explanation(accepted, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["why.png"]


def test_a_picture_replaces_the_old_one(accepted: Explanation, tmp_path: Path) -> None:
    picture = tmp_path / "why.png"
    picture.write_bytes(b"old")
    save_explanation(accepted, picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [picture]


def test_a_recording_without_its_spectrogram_is_drawn(rejected: Explanation) -> None:
    assert rejected.spectrogram is None
    figure = explanation_figure(rejected)
    assert drawn(figure)
    assert not any(ax.images for ax in figure.axes)


def test_every_axis_with_ticks_has_a_label_with_its_unit(accepted: Explanation) -> None:
    figure = explanation_figure(accepted)
    labels = [label for ax in figure.axes for label in (ax.get_xlabel(), ax.get_ylabel()) if label]
    units = ("[s]", "[Hz]", "[m:ss]", "votes", "probability")
    assert len(labels) >= 7
    assert all(any(unit in label for unit in units) for label in labels), labels


def test_the_table_of_evidence_keeps_to_its_place(accepted: Explanation) -> None:
    figure = explanation_figure(accepted)
    [table] = [ax for ax in figure.axes if ax.get_title(loc="left") == "Evidence"]
    below, *_ = [text for text in figure.texts if text.get_text().startswith("How to read")]
    boxes = [text.get_window_extent() for text in table.texts]
    assert len(boxes) == 2 + 3 * len(accepted.places[0].evidence.rows())
    assert min(box.y0 for box in boxes) > below.get_window_extent().y1
    assert max(box.x1 for box in boxes) <= 1190
    heights = sorted({round(box.y0) for box in boxes})
    assert min(np.diff(heights)) > boxes[0].height


def test_found_peaks_are_filled_and_missed_ones_hollow(store: Store) -> None:
    explanation = ask(store, samples_of("noisy")).explanation
    ax = Figure().subplots()
    plot_overlay(ax, explanation)
    dots = {
        str(item.get_label()): item for item in ax.collections if isinstance(item, PathCollection)
    }
    found = explanation.places[0].peaks.found
    filled, hollow = dots["song peak found again"], dots["song peak missed"]
    assert len(np.asarray(filled.get_offsets())) == np.count_nonzero(found) > 0
    assert len(np.asarray(hollow.get_offsets())) == np.count_nonzero(~found) > 0
    assert len(np.asarray(filled.get_facecolor())) == 1
    assert len(np.asarray(hollow.get_facecolor())) == 0


def test_alignment_draws_the_votes_on_the_line_of_the_offset(accepted: Explanation) -> None:
    place = accepted.places[0]
    ax = Figure().subplots()
    plot_alignment(ax, place, query_s=accepted.query_s)
    aside, line = (item for item in ax.collections if isinstance(item, PathCollection))
    assert len(np.asarray(aside.get_offsets())) == len(place.scattered)
    points = np.asarray(line.get_offsets())
    assert np.abs(points[:, 1] - points[:, 0] - place.match.offset_s).max() < 3 * LEAN.hop_s


def test_histogram_marks_the_offset_at_the_height_of_its_votes(accepted: Explanation) -> None:
    place = accepted.places[0]
    ax = Figure().subplots()
    plot_offset_histogram(ax, place.histogram, offset_s=place.match.offset_s)
    marked = [line for line in ax.lines if line.get_marker() == "v"]
    assert len(marked) == 1
    assert np.asarray(marked[0].get_xdata())[0] == pytest.approx(place.match.offset_s)
    assert np.asarray(marked[0].get_ydata())[0] >= place.match.votes
    bare = Figure().subplots()
    plot_offset_histogram(bare, place.histogram)
    assert not bare.lines


def test_a_spectrogram_is_drawn_over_its_seconds_and_hertz() -> None:
    signal = Signal(tone(1000.0, 3.0, RATE_HZ), RATE_HZ)
    levels = spectrogram.spectrogram(signal, LEAN)
    ax = Figure().subplots()
    image = plot_spectrogram(ax, levels)
    left_s, right_s, bottom_hz, top_hz = image.get_extent()
    assert (left_s, right_s) == (0, pytest.approx(levels.level_db.shape[0] * LEAN.hop_s))
    row = int(np.argmax(np.asarray(image.get_array())[:, 10]))
    centre_hz = bottom_hz + (row + 0.5) * (top_hz - bottom_hz) / levels.level_db.shape[1]
    assert centre_hz == pytest.approx(1000, abs=LEAN.bin_hz / 2)
    assert image.get_clim() == (pytest.approx(-80, abs=1), pytest.approx(0, abs=1))


def test_silence_is_drawn_as_quiet() -> None:
    silence = spectrogram.spectrogram(Signal(np.zeros(RATE_HZ, np.float32), RATE_HZ), LEAN)
    image = plot_spectrogram(Figure().subplots(), silence)
    low_db, high_db = image.get_clim()
    assert (silence.level_db.max() - low_db) / (high_db - low_db) < 0.5


def test_a_constellation_and_its_pairs_lie_on_their_peaks() -> None:
    levels = spectrogram.spectrogram(Signal(excerpt(song(1), 0.0, 3.0), RATE_HZ), LEAN)
    found = peaks.local_maxima(levels, LEAN)
    pairs = landmarks.landmarks(found, LEAN)
    ax = Figure().subplots()
    dots = plot_constellation(ax, found, hop_s=LEAN.hop_s, bin_hz=LEAN.bin_hz)
    lines = plot_pairs(ax, pairs, hop_s=LEAN.hop_s, bin_hz=LEAN.bin_hz)
    places = {tuple(point) for point in np.asarray(dots.get_offsets()).round(6).tolist()}
    assert isinstance(lines, LineCollection)
    ends = [tuple(end) for segment in lines.get_segments() for end in segment.round(6).tolist()]
    assert len(ends) == 2 * len(pairs) > 0
    assert set(ends) <= places
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time [s]", "frequency [Hz]")


def test_stages_of_nothing_are_drawn_without_a_warning() -> None:
    none = np.empty(0, np.int32)
    nothing = Spectrogram(np.empty((0, 50), np.float32), 0.05, 10.0)
    figure = Figure()
    ax = figure.subplots()
    plot_spectrogram(ax, nothing)
    plot_constellation(
        ax, Peaks.on_bins(none, none, none.astype(np.float32)), hop_s=0.05, bin_hz=10.0
    )
    plot_pairs(ax, Landmarks(none, none, none, none), hop_s=0.05, bin_hz=10.0)
    assert drawn(figure)
    assert drawn(spectrogram_figure(nothing))


def test_the_spectrogram_figure_has_a_scale_in_decibels_and_counts_its_peaks() -> None:
    levels = spectrogram.spectrogram(Signal(excerpt(song(1), 0.0, 3.0), RATE_HZ), LEAN)
    found = peaks.local_maxima(levels, LEAN)
    figure = spectrogram_figure(levels, peaks=found)
    assert drawn(figure)
    ax, scale = figure.axes
    assert f"{len(found)} peaks" in ax.get_title(loc="left")
    assert "[dB re full scale]" in scale.get_ylabel()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.0"),
        (83.4, "1:23.4"),
        (59.96, "1:00.0"),
        (-2.04, "−0:02.0"),
        (-0.01, "0:00.0"),
        (3725.5, "62:05.5"),
    ],
)
def test_clock_carries_seconds_into_minutes(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "0.000"), (1.0, "1.000"), (0.0004, "< 0.001"), (0.9999, "> 0.999"), (0.5, "0.500")],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, text: str) -> None:
    assert odds(probability) == text


def test_printable_text_is_one_line_in_known_glyphs() -> None:
    assert printable(" a\n b\tc\x00\x07\u200d ") == "a b c"
    assert printable("e\u0301") == "é"
    assert printable("\U000e0041x") == "x"
    assert printable("a\U00010380") == f"a{MISSING}"
    assert printable("x²—“$”") == "x²—“$”"


def test_the_stand_in_for_missing_characters_can_itself_be_drawn() -> None:
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    assert {ord(character) for character in f"{MISSING}…—“”−≤"} <= set(font.get_charmap())


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    name = "Symphony number nine in D minor, fourth movement, presto (live)"
    short = shortened(name, 30)
    assert len(short) <= 30
    assert short.startswith("Symphony")
    assert short.endswith("(live)")
    assert "…" in short
    assert shortened("short", 30) == "short"
    assert len(shortened("無" * 100, 30)) <= 15


def test_a_name_that_cannot_be_drawn_whole_is_given_its_id() -> None:
    match = Match(12, "\U00010380\U00010381", 0.0, 1, 0.5, 0.5)
    assert song_label(match) == f"{MISSING}{MISSING} (song 12)"
    assert song_label(replace(match, song_name="")) == "(song 12)"
    assert song_label(replace(match, song_name="plain")) == "plain"


def test_uncalibrated_probabilities_are_called_so(accepted: Explanation) -> None:
    assert PROFILE.decision.calibration is None
    labels = [ax.get_xlabel() for ax in explanation_figure(accepted).axes]
    assert any(label.startswith("uncalibrated probability") for label in labels)
    calibrated = explanation_figure(replace(accepted, calibrated=True))
    assert not any("uncalibrated" in ax.get_xlabel() for ax in calibrated.axes)
