"""Open-set splits of a corpus: what is indexed and what is not, for calibration and for test.

Thresholds and models are fitted on the calibration tracks and judged on the test tracks. In
each of the two, part of the tracks is left out of the index: excerpts of those must not be
given a name. All variants of one work are in the same group. Works are ranked by a hash of the
seed and their name, so that few of them change their group when a corpus grows.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from experiments.errors import CorpusError

if TYPE_CHECKING:
    from experiments.corpora import Corpus, Track

Role = Literal["calibration", "test"]
"""A half of a corpus: decisions are fitted on the calibration half, and judged on the test half."""

ROLES: tuple[Role, Role] = ("calibration", "test")


@dataclass(frozen=True)
class Split:
    """Four groups of tracks without a work in common, each sorted by id."""

    calibration_indexed: tuple[Track, ...]
    calibration_left_out: tuple[Track, ...]
    test_indexed: tuple[Track, ...]
    test_left_out: tuple[Track, ...]

    @property
    def indexed(self) -> tuple[Track, ...]:
        """All tracks that belong in the index, of calibration and test."""
        return _sorted((*self.calibration_indexed, *self.test_indexed))

    @property
    def left_out(self) -> tuple[Track, ...]:
        """All tracks that stay out of the index."""
        return _sorted((*self.calibration_left_out, *self.test_left_out))

    def half(self, role: Role) -> tuple[tuple[Track, ...], tuple[Track, ...]]:
        """Return the indexed and the left-out tracks of one half."""
        if role == "calibration":
            return self.calibration_indexed, self.calibration_left_out
        return self.test_indexed, self.test_left_out

    def sizes(self) -> dict[str, int]:
        """Return how many tracks each group has, by its name."""
        return {
            f"{role}_{kind}": len(tracks)
            for role in ROLES
            for kind, tracks in zip(("indexed", "left_out"), self.half(role), strict=True)
        }


def split(corpus: Corpus, *, seed: int, calibration_share: float, left_out_share: float) -> Split:
    """Return the tracks of ``corpus`` in four groups; exact duplicates are in none of them.

    Works whose half somebody has fixed are in that half, and the shares apply to the others.

    Parameters
    ----------
    corpus : Corpus
        What is split.
    seed : int
        Another seed gives another split.
    calibration_share : float, in [0, 1]
        Share of the works used for calibration; the others are for test.
    left_out_share : float, in [0, 1)
        Share of the works, in calibration and in test alike, that is not indexed.

    Returns
    -------
    Split

    Raises
    ------
    CorpusError
        If the corpus has too few works for every group with a share to get one.
    ValueError
        If a share is out of range.

    Examples
    --------
    >>> from pathlib import Path
    >>> from experiments.corpora import Corpus, Track
    >>> tracks = tuple(
    ...     Track(id=name, group="", path=name, checksum=name, duration_s=60.0, work=name)
    ...     for name in "abcdefghij"
    ... )
    >>> parts = split(
    ...     Corpus("letters", Path(), tracks), seed=0, calibration_share=0.5, left_out_share=0.2
    ... )
    >>> parts.sizes()["calibration_indexed"], parts.sizes()["calibration_left_out"]
    (4, 1)
    >>> len(parts.indexed), len(parts.left_out)
    (8, 2)
    """
    if not (0 <= calibration_share <= 1 and 0 <= left_out_share < 1):
        raise ValueError(
            "calibration_share must be in [0, 1] and left_out_share in [0, 1), "
            f"got {calibration_share} and {left_out_share}"
        )
    tracks = [track for track in corpus.tracks if track.duplicate_of is None]
    works = {track.work for track in tracks}
    fixed = {track.work: track.half for track in tracks if track.half is not None}
    free = works - fixed.keys()
    calibration = {work for work, half in fixed.items() if half == "calibration"}
    calibration |= share_of(free, calibration_share, seed=seed, purpose="calibration")
    test = works - calibration
    left_out = {
        *share_of(calibration, left_out_share, seed=seed, purpose="left out"),
        *share_of(test, left_out_share, seed=seed, purpose="left out"),
    }
    groups = (calibration - left_out, calibration & left_out, test - left_out, test & left_out)
    for group, share in zip(groups, _shares(calibration_share, left_out_share), strict=True):
        if share and not group:
            least = least_works(1, calibration_share, left_out_share)
            raise CorpusError(
                f"the corpus {corpus.name} has {_counted(works, corpus)}, too few for "
                f"calibration_share {calibration_share} and left_out_share {left_out_share}, which "
                f"need {least}: take a larger corpus or other shares"
            )
    return Split(*(_sorted(t for t in tracks if t.work in group) for group in groups))


def least_works(n: int, calibration_share: float, left_out_share: float) -> int:
    """Return how many works a corpus needs so that each group with a share gets enough of them.

    Parameters
    ----------
    n : int, at least 1
        Works that each group needs.
    calibration_share, left_out_share : float
        As for `split`.

    Examples
    --------
    >>> least_works(1, 0.5, 0.2), least_works(2, 0.5, 0.2)
    (6, 16)
    """

    def suffices(n_works: int) -> bool:
        n_calibration = round(calibration_share * n_works)
        sizes = []
        for n_half in (n_calibration, n_works - n_calibration):
            n_left_out = round(left_out_share * n_half)
            sizes += [n_half - n_left_out, n_left_out]
        shares = _shares(calibration_share, left_out_share)
        return all(size >= n for size, share in zip(sizes, shares, strict=True) if share)

    return next(n_works for n_works in itertools.count(1) if suffices(n_works))


def _shares(calibration_share: float, left_out_share: float) -> tuple[float, ...]:
    """Return the share of each of the four groups, in the order of `Split`."""
    return tuple(
        half * part
        for half in (calibration_share, 1 - calibration_share)
        for part in (1 - left_out_share, left_out_share)
    )


def share_of(works: Collection[str], share: float, *, seed: int, purpose: str) -> set[str]:
    """Return the first ``share`` of ``works`` in the order of their hashes, rounded.

    Parameters
    ----------
    works : collection of str
        Names, each once.
    share : float, in [0, 1]
        How many of them.
    seed : int
        Another seed gives another order.
    purpose : str
        What they are chosen for: another purpose gives another order, too.
    """
    ranked = sorted(works, key=lambda work: _rank(work, seed=seed, purpose=purpose))
    return set(ranked[: round(share * len(ranked))])


def _rank(work: str, *, seed: int, purpose: str) -> bytes:
    """Return SHA-256 of seed, purpose and work: an order that no other work changes."""
    return hashlib.sha256(json.dumps([seed, purpose, work]).encode("ascii")).digest()


def _counted(works: Collection[str], corpus: Corpus) -> str:
    """Return how many works a corpus has, and in how many files where that is another number."""
    counted = "1 work" if len(works) == 1 else f"{len(works)} works"
    n_files = len(corpus.tracks)
    return counted if n_files == len(works) else f"{counted} in {n_files} files"


def _sorted(tracks: Iterable[Track]) -> tuple[Track, ...]:
    """Return ``tracks`` sorted by id."""
    return tuple(sorted(tracks, key=lambda track: track.id))
