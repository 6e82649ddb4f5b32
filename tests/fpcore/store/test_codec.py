import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore.errors import StoreError
from fpcore.records import Constellation
from fpcore.store import codec
from tests.fpcore.store.material import constellation, in_sql

peaks_lists = st.lists(
    st.tuples(
        st.integers(0, 2**31 - 1),
        st.integers(0, 32768),
        st.floats(-300, 300, allow_nan=False, width=32),
    ),
    max_size=60,
    unique_by=lambda peak: peak[:2],
).map(sorted)


def peaks_of(rows: list[tuple[int, int, float]]) -> Constellation:
    return Constellation(
        np.array([frame for frame, _, _ in rows], dtype=np.int32),
        np.array([bin_ for _, bin_, _ in rows], dtype=np.int32),
        np.array([level for _, _, level in rows], dtype=np.float32),
        np.zeros(len(rows), np.float32),
        np.array([bin_ % 3 == 0 for _, bin_, _ in rows], dtype=np.bool_),
    )


@given(peaks_lists)
def test_frames_and_bins_come_back_exactly_and_levels_to_a_quarter_decibel(
    rows: list[tuple[int, int, float]],
) -> None:
    peaks = peaks_of(rows)
    back = codec.decode_constellation(codec.encode_constellation(peaks))
    np.testing.assert_array_equal(back.frame, peaks.frame)
    np.testing.assert_array_equal(back.bin, peaks.bin)
    np.testing.assert_array_equal(back.paired, peaks.paired)
    # half of the step, and the rounding of float32 at 300 dB
    np.testing.assert_allclose(
        back.level_db, peaks.level_db, rtol=0, atol=codec.LEVEL_STEP_DB / 2 + 1e-4
    )


@given(peaks_lists)
def test_encoding_what_was_decoded_changes_nothing(rows: list[tuple[int, int, float]]) -> None:
    blob = codec.encode_constellation(peaks_of(rows))
    assert codec.encode_constellation(codec.decode_constellation(blob)) == blob


def test_a_real_size_constellation_takes_less_than_1_2_bytes_a_posting() -> None:
    peaks = constellation(0, n_peaks=1800)  # ten a second for three minutes, five postings each
    assert len(codec.encode_constellation(peaks)) < 1.2 * 5 * len(peaks)


@pytest.mark.parametrize(
    "row",
    [(-1, 0, 0.0), (0, -1, 0.0), (0, 65536, 0.0), (0, 0, np.nan), (0, 0, np.inf), (0, 0, 2e4)],
)
def test_what_does_not_fit_is_refused(row: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="peaks must be sorted"):
        codec.encode_constellation(peaks_of([row]))


def test_unsorted_peaks_are_refused() -> None:
    with pytest.raises(ValueError, match="peaks must be sorted"):
        codec.encode_constellation(peaks_of([(5, 0, 0.0), (4, 0, 0.0)]))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\x03" + zlib.compress(bytes(4)),
        b"\x02not compressed",
        b"\x02" + zlib.compress(b""),
        b"\x02" + zlib.compress(b"\xff\xff\xff\xff too few"),
        codec.encode_constellation(constellation(1))[:-20],
    ],
    ids=["empty", "version", "no zlib", "no count", "count too high", "cut"],
)
def test_a_damaged_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(StoreError, match="constellation is damaged"):
        codec.decode_constellation(blob)


@given(st.sets(st.integers(0, 2**62 - 1), max_size=40))
def test_a_running_sum_in_sql_gives_the_tokens_back(tokens: set[int]) -> None:
    encoded = codec.encode_tokens(np.array(sorted(tokens), dtype=np.int64))
    sums = in_sql(
        ":memory:",  # type: ignore[arg-type]
        "SELECT sum(value) OVER (ORDER BY key) FROM json_each(?)",
        encoded,
    )
    assert [token for (token,) in sums] == sorted(tokens)


def test_long_token_lists_are_joined_seamlessly(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = np.arange(0, 70, 7, dtype=np.int64)
    whole = codec.encode_tokens(tokens)
    for size in (1, 3, 10, 11):
        monkeypatch.setattr(codec.chunks, "__defaults__", (size,))
        assert codec.encode_tokens(tokens) == whole
    assert whole == "[0,7,7,7,7,7,7,7,7,7]"


@pytest.mark.parametrize("n_rows", [0, 1, 4, 5, 6, 10, 11])
def test_chunks_cover_every_row_once(n_rows: int) -> None:
    covered = [row for part in codec.chunks(n_rows, 5) for row in range(n_rows)[part]]
    assert covered == list(range(n_rows))


def test_postings_come_back_as_they_went_in() -> None:
    rng = np.random.default_rng(0)
    for n, limit in ((0, 9), (1, 9), (5000, 2**24), (300, 2**62)):
        token = np.sort(rng.integers(0, limit, n))
        frame = rng.integers(0, 2**31 - 1, n).astype(np.int32)
        found = codec.decode_postings(codec.encode_postings(token, frame))
        assert [column.tolist() for column in found] == [token.tolist(), frame.tolist()]


def test_postings_of_a_song_take_less_than_four_bytes_each() -> None:
    rng = np.random.default_rng(0)
    token, frame = np.sort(rng.integers(0, 2**24, 11_500)), rng.integers(0, 5000, 11_500)
    assert len(codec.encode_postings(token, frame)) < 4 * 11_500


def test_damaged_postings_are_told() -> None:
    blob = codec.encode_postings(np.arange(50), np.arange(50))
    longer = blob[:1] + (51).to_bytes(4, "little") + blob[5:]
    for damaged in (b"", b"\x09" + blob[1:], blob[:-3], blob[:9] + b"\xff" + blob[10:], longer):
        with pytest.raises(ValueError, match="its postings are damaged"):
            codec.decode_postings(damaged)
