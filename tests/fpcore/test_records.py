"""What the records refuse and what they promise."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from fpcore.records import (
    Candidates,
    Cut,
    Hashes,
    Landmarks,
    Peaks,
    Postings,
    QueryHashes,
    Signal,
    Spectrogram,
    Verification,
)

COLUMNS = [Peaks, Landmarks, Hashes, QueryHashes, Postings, Candidates, Verification]


def _columns(record: type, length: int) -> dict[str, np.ndarray]:
    return {name: np.zeros(length, dtype) for name, dtype in record._DTYPES.items()}


def _extra(record: type) -> dict[str, int]:
    return {"ticks_per_frame": 2} if record is QueryHashes else {}


@pytest.mark.parametrize("record", COLUMNS)
def test_columns_keep_their_values_and_length(record: type) -> None:
    columns = _columns(record, 3)
    for name in columns:
        columns[name][1] = 7
    built = record(**columns, **_extra(record))
    assert len(built) == 3
    for name, column in columns.items():
        np.testing.assert_array_equal(getattr(built, name), column)


@pytest.mark.parametrize("record", COLUMNS)
def test_every_array_of_a_record_has_a_stated_dtype(record: type) -> None:
    arrays = {field.name for field in fields(record)} - set(_extra(record))
    assert arrays == set(record._DTYPES)


@pytest.mark.parametrize("record", COLUMNS)
def test_columns_of_different_length_are_refused(record: type) -> None:
    columns = _columns(record, 3)
    columns[next(iter(columns))] = columns[next(iter(columns))][:2]
    with pytest.raises(ValueError, match=f"columns of {record.__name__} differ in length"):
        record(**columns, **_extra(record))


@pytest.mark.parametrize("record", COLUMNS)
def test_each_column_refuses_another_dtype_by_name(record: type) -> None:
    for name in record._DTYPES:
        columns = _columns(record, 2)
        columns[name] = columns[name].astype(np.complex64)
        with pytest.raises(ValueError, match=rf"{record.__name__}\.{name} must be .*complex64"):
            record(**columns, **_extra(record))


@pytest.mark.parametrize("record", COLUMNS)
def test_each_column_refuses_another_shape(record: type) -> None:
    for name in record._DTYPES:
        columns = _columns(record, 2)
        columns[name] = columns[name][:, np.newaxis]
        with pytest.raises(ValueError, match=r"1-dimensional .* got 2-dimensional"):
            record(**columns, **_extra(record))


@pytest.mark.parametrize("record", COLUMNS)
def test_columns_cannot_be_written_through_the_record(record: type) -> None:
    built = record(**_columns(record, 2), **_extra(record))
    for name in record._DTYPES:
        with pytest.raises(ValueError, match="read-only"):
            getattr(built, name)[0] = 1
        with pytest.raises(FrozenInstanceError):
            setattr(built, name, np.zeros(2))


def test_the_caller_may_go_on_writing_to_its_own_array() -> None:
    samples = np.zeros(4, np.float32)
    Signal(samples, 8000)
    samples[0] = 1
    assert samples[0] == 1


def test_a_signal_must_be_mono_float32() -> None:
    with pytest.raises(ValueError, match=r"Signal\.samples must be a 1-dimensional float32"):
        Signal(np.zeros((2, 4), np.float32), 8000)
    with pytest.raises(ValueError, match="got 1-dimensional float64"):
        Signal(np.zeros(4), 8000)  # type: ignore[arg-type]


def test_a_signal_lasts_its_samples_over_its_rate() -> None:
    assert Signal(np.zeros(12000, np.float32), 8000).duration_s == 1.5


def test_a_spectrogram_must_be_a_float32_matrix() -> None:
    with pytest.raises(ValueError, match=r"Spectrogram\.level_db must be a 2-dimensional float32"):
        Spectrogram(np.zeros(4, np.float32), 0.1, 10.0)
    level_db = Spectrogram(np.zeros((2, 3), np.float32), 0.1, 10.0).level_db
    with pytest.raises(ValueError, match="read-only"):
        level_db[0, 0] = 1


def test_of_several_faults_the_one_that_tells_most_is_told() -> None:
    end, limit, inside = Cut(8.0, 12.0), Cut(9.0, 12.0, "too long"), Cut(2.0, 12.0, "damaged")
    short = Cut(12.0, 6.0, "understated")
    faults = [end, limit, inside, short]
    for index, most in enumerate(faults):
        assert Cut.of(faults[index:]) is most
        assert Cut.of(reversed(faults[index:])) is most
    assert Cut.of([inside, Cut(3.0, None, "damaged")]) is inside
    assert Cut.of([]) is None
