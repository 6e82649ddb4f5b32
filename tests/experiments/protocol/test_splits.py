"""Splits keep works together, are exact in size, repeatable, and stable when a corpus grows."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.corpora import Corpus, Track
from experiments.errors import CorpusError
from experiments.protocol.splits import Split, least_works, split


def corpus_of(works: list[str], duplicate_of: dict[str, str] | None = None) -> Corpus:
    """Return a corpus with one track for each entry of ``works``, ids counted from 0."""
    tracks = tuple(
        Track(
            id=f"track-{i:03d}",
            group="g",
            path=f"{i}.wav",
            checksum=f"{i:064x}",
            duration_s=60.0,
            duplicate_of=(duplicate_of or {}).get(f"track-{i:03d}"),
            work=work,
        )
        for i, work in enumerate(works)
    )
    return Corpus("test", Path(), tracks)


def groups_of(result: Split) -> list[set[str]]:
    return [
        {track.id for track in group}
        for group in (
            result.calibration_indexed,
            result.calibration_left_out,
            result.test_indexed,
            result.test_left_out,
        )
    ]


SINGLES = [f"work-{i}" for i in range(100)]


@given(
    works=st.lists(st.integers(0, 40).map(str), min_size=30, max_size=120),
    seed=st.integers(0, 2**32),
)
def test_variants_of_a_work_never_straddle_a_split(works: list[str], seed: int) -> None:
    corpus = corpus_of([*works, *(f"single-{i}" for i in range(8))])
    result = split(corpus, seed=seed, calibration_share=0.5, left_out_share=0.25)
    groups = groups_of(result)
    assert sum(len(group) for group in groups) == len(corpus.tracks)
    home = {track_id: number for number, group in enumerate(groups) for track_id in group}
    for work in set(works):
        assert len({home[t.id] for t in corpus.tracks if t.work == work}) == 1


def test_groups_have_exactly_the_shares_asked_for() -> None:
    result = split(corpus_of(SINGLES), seed=3, calibration_share=0.4, left_out_share=0.2)
    assert [len(group) for group in groups_of(result)] == [32, 8, 48, 12]
    assert len(result.indexed) == 80
    assert {t.id for t in result.left_out} == groups_of(result)[1] | groups_of(result)[3]


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    first, again, other = (
        split(corpus_of(SINGLES), seed=seed, calibration_share=0.5, left_out_share=0.2)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first.test_left_out != other.test_left_out


def test_the_split_is_the_same_on_every_machine() -> None:
    result = split(corpus_of(SINGLES), seed=0, calibration_share=0.5, left_out_share=0.04)
    assert [t.id for t in result.calibration_left_out] == ["track-057", "track-076"]
    assert [t.id for t in result.test_left_out] == ["track-049", "track-077"]


def test_the_order_of_the_tracks_does_not_matter() -> None:
    corpus = corpus_of(SINGLES)
    backwards = Corpus("test", Path(), corpus.tracks[::-1])
    one, other = (
        split(given, seed=5, calibration_share=0.5, left_out_share=0.2)
        for given in (corpus, backwards)
    )
    assert one == other


def test_a_corpus_that_grows_moves_few_of_its_tracks() -> None:
    before = split(corpus_of(SINGLES), seed=7, calibration_share=0.5, left_out_share=0.2)
    grown = corpus_of([*SINGLES, *(f"new-{i}" for i in range(5))])
    after = split(grown, seed=7, calibration_share=0.5, left_out_share=0.2)
    moved = [old - new for old, new in zip(groups_of(before), groups_of(after), strict=True)]
    # Five additions shift each of the three boundaries by at most five places.
    assert sum(len(group) for group in moved) <= 15


def test_what_is_left_out_does_not_change_who_is_calibration() -> None:
    few, many = (
        split(corpus_of(SINGLES), seed=7, calibration_share=0.3, left_out_share=share)
        for share in (0.1, 0.5)
    )
    calibration = {t.id for t in (*few.calibration_indexed, *few.calibration_left_out)}
    assert calibration == {t.id for t in (*many.calibration_indexed, *many.calibration_left_out)}
    assert set(few.test_left_out) < set(many.test_left_out)


def test_exact_duplicates_are_in_no_group() -> None:
    corpus = corpus_of(SINGLES, duplicate_of={"track-004": "track-003"})
    result = split(corpus, seed=7, calibration_share=0.5, left_out_share=0.2)
    assert "track-004" not in set().union(*groups_of(result))
    assert sum(len(group) for group in groups_of(result)) == 99


def test_without_shares_everything_is_indexed_for_test() -> None:
    result = split(corpus_of(SINGLES[:2]), seed=7, calibration_share=0, left_out_share=0)
    assert [len(group) for group in groups_of(result)] == [0, 0, 2, 0]


@pytest.mark.parametrize(
    ("works", "told"),
    [
        ([], "0 works"),
        (["a"], "1 work"),
        (["a", "b", "c"], "3 works"),
        (["a"] * 50, "1 work in 50 files"),
    ],
)
def test_a_corpus_with_too_few_works_is_refused_with_their_number(
    works: list[str], told: str
) -> None:
    shares = "calibration_share 0.5 and left_out_share 0.2"
    with pytest.raises(CorpusError, match=f"has {told}, too few for {shares}, which need 6: "):
        split(corpus_of(works), seed=7, calibration_share=0.5, left_out_share=0.2)


@pytest.mark.parametrize(("calibration", "left_out"), [(-0.1, 0.2), (1.1, 0.2), (0.5, 1.0)])
def test_impossible_shares_are_refused(calibration: float, left_out: float) -> None:
    with pytest.raises(ValueError, match=r"^calibration_share must be in .* in \[0, 1\), got "):
        split(corpus_of(SINGLES), seed=7, calibration_share=calibration, left_out_share=left_out)


def test_each_half_is_told_with_its_indexed_and_its_left_out_tracks() -> None:
    result = split(corpus_of(SINGLES), seed=1, calibration_share=0.6, left_out_share=0.25)
    assert result.half("calibration") == (result.calibration_indexed, result.calibration_left_out)
    assert result.half("test") == (result.test_indexed, result.test_left_out)
    assert result.sizes() == {
        "calibration_indexed": 45,
        "calibration_left_out": 15,
        "test_indexed": 30,
        "test_left_out": 10,
    }


@pytest.mark.parametrize(("share", "empty"), [(1.0, "test"), (0.0, "calibration")])
def test_a_half_may_have_no_share_at_all(share: float, empty: str) -> None:
    result = split(corpus_of(SINGLES), seed=1, calibration_share=share, left_out_share=0.25)
    other = ({"test", "calibration"} - {empty}).pop()
    assert result.sizes() == {
        f"{empty}_indexed": 0,
        f"{empty}_left_out": 0,
        f"{other}_indexed": 75,
        f"{other}_left_out": 25,
    }


@pytest.mark.parametrize(
    ("n", "left_out_share"), [(1, 0.2), (2, 0.2), (2, 0.3), (3, 0.5), (2, 0.8)]
)
def test_the_least_number_of_works_fills_every_group_and_one_fewer_does_not(
    n: int, left_out_share: float
) -> None:
    def smallest_group(n_works: int) -> int:
        music = corpus_of([f"w{i}" for i in range(n_works)])
        try:
            parts = split(music, seed=1, calibration_share=0.5, left_out_share=left_out_share)
        except CorpusError:
            return 0
        return min(parts.sizes().values())

    least = least_works(n, 0.5, left_out_share)
    assert smallest_group(least) >= n
    assert smallest_group(least - 1) < n


def test_one_work_is_enough_where_all_is_indexed_for_test() -> None:
    assert least_works(1, 0.0, 0.0) == 1
    corpus = corpus_of(["a"])
    assert split(corpus, seed=1, calibration_share=0, left_out_share=0).indexed == corpus.tracks
