"""Explanations in numbers and in a picture, as both clients are given them."""

from __future__ import annotations

import base64
from dataclasses import fields

import pytest

from clients import rest
from clients.rest.answers import PNG
from clients.rest.explanation import Explanation
from tests.api.material import excerpt
from tests.clients.conftest import SONGS
from tests.clients.rest.asking import Asking


def lengths(record: object, *names: str) -> set[int]:
    """Return how many entries the named fields of a record have, or all that are tuples."""
    named = names or [one.name for one in fields(record)]  # type: ignore[arg-type]
    found = [getattr(record, name) for name in named]
    return {len(one) for one in found if isinstance(one, tuple)}


def test_an_answer_is_explained_in_numbers(client: Asking) -> None:
    explained: Explanation = client.explain(excerpt(1))
    assert explained.matched
    assert explained.query_s == pytest.approx(4.0)
    assert explained.band_hz[0] < explained.band_hz[1]
    assert max(lengths(explained.peaks)) > 100
    best = explained.places[0]
    assert best.candidate.song_name == SONGS[1]
    assert best.evidence.votes == best.candidate.matches
    for record in (explained.peaks, best.peaks, best.aligned, best.scattered):
        assert len(lengths(record)) == 1
    assert len(lengths(best.histogram, "offset_s", "votes")) == 1
    drawn = explained.spectrogram
    assert drawn is not None
    assert len(base64.b64decode(drawn.levels)) == drawn.n_frames * drawn.n_bins


def test_an_answer_is_explained_in_a_picture(client: Asking) -> None:
    picture = client.explanation_picture(excerpt(1))
    assert picture.startswith(PNG)
    assert len(picture) > 10_000


def test_what_holds_no_sound_is_not_explained(client: Asking) -> None:
    with pytest.raises(rest.RecordingRefusedError, match=r"\(part.wav: .*\): send another$"):
        client.explanation_picture(b"no sound", filename="part.wav")
