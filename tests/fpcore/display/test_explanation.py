"""The page of every outcome: drawn without a warning, says the answer, repeats byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from fpcore.display import explanation_figure, save_explanation, verdict
from fpcore.display.style import GREEN, VERMILLION
from fpcore.display.wording import odds
from fpcore.errors import FpError
from fpcore.search.explain import Explanation
from fpcore.store import Store
from tests.fpcore.display.material import drawn, renamed, samples_of, texts
from tests.fpcore.explained import PROFILE, RATE_HZ, ask, excerpt, filled_store, song

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


def test_verdict_of_a_long_recording_says_from_when_to_when_it_was_heard(store: Store) -> None:
    before = samples_of("lead-in")
    explanation = ask(store, np.concatenate([np.zeros_like(before), before])).explanation
    assert explanation.window_s[1] == pytest.approx(18, abs=0.1)
    said = verdict(explanation)
    assert said.startswith("“song 0” heard from 0:13.0 to 0:18.0, where it is at 0:00.0 — ")


def test_what_interrupts_the_music_is_told_as_left_out(store: Store) -> None:
    first, second = np.split(excerpt(song(2), 10.3, 6.0), 2)
    noise = np.random.default_rng(1).normal(0, 0.1, 5 * RATE_HZ).astype(np.float32)
    unsure = PROFILE.decision.model_copy(update={"threshold": 0.999})
    asked = PROFILE.query.model_copy(update={"interruptions": True})
    profile = PROFILE.model_copy(update={"decision": unsure, "query": asked})
    whole = ask(store, np.concatenate([first, second]), profile).explanation
    parted = ask(store, np.concatenate([first, noise, second]), profile).explanation
    assert whole.left_out_s == 0
    assert parted.left_out_s == pytest.approx(5, abs=0.1)
    told = f"s of recording, with {parted.left_out_s:.1f} s left out, gave"
    assert any(told in text for text in texts(explanation_figure(parted)))
    assert not any("left out" in text for text in texts(explanation_figure(whole)))


def test_a_wrong_answer_is_no_success_in_the_headline(accepted: Explanation) -> None:
    right, wrong = (explanation_figure(accepted, known_wrong=known) for known in (False, True))
    headline, other = right.texts[0], wrong.texts[0]
    assert other.get_text() == f"Wrong: {headline.get_text()}"
    assert headline.get_color() == GREEN
    assert other.get_color() == VERMILLION


def test_the_same_explanation_gives_the_same_bytes_in_any_style(
    accepted: Explanation, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    save_explanation(accepted, first)
    own_settings: dict[Any, Any] = {
        "font.size": 30, "axes.grid": True, "savefig.dpi": 20, "lines.color": "red",
    }  # fmt: skip
    with matplotlib.rc_context(own_settings):
        save_explanation(accepted, second)
    assert first.read_bytes() == second.read_bytes()
    assert b"Software" not in first.read_bytes()


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


def test_uncalibrated_probabilities_are_called_so(accepted: Explanation) -> None:
    assert PROFILE.decision.calibration is None
    labels = [ax.get_xlabel() for ax in explanation_figure(accepted).axes]
    assert any(label.startswith("uncalibrated probability") for label in labels)
    calibrated = explanation_figure(replace(accepted, calibrated=True))
    assert not any("uncalibrated" in ax.get_xlabel() for ax in calibrated.axes)
