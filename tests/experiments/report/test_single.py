"""One query explained: by its id, of a file, or of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.report import single, study, worst
from experiments.results.run_folder import RunFolder
from fpcore.errors import FpError


def test_a_query_by_id_is_found_where_it_was_cut(real_run: RunFolder) -> None:
    heard = single.heard("seed", "generated:12", query="song-0003.flac#1/5s/clean")
    assert heard.explanation.matches[0].song_name == "song-0003.flac"
    assert np.array_equal(heard.clean.samples, heard.degraded.samples)


def test_a_file_of_ones_own_is_asked_as_it_is(real_run: RunFolder, tmp_path: Path) -> None:
    found = single.heard("seed", "generated:12", query="song-0002.flac#0/5s/clean")
    recording = tmp_path / "mine.wav"
    soundfile.write(recording, found.clean.samples, found.clean.sample_rate_hz)
    heard = single.heard("seed", "generated:12", file=recording)
    assert heard.explanation.matches[0].song_name == "song-0002.flac"
    assert heard.query == str(recording)


def test_a_query_that_cannot_be_read_is_one_sentence(real_run: RunFolder) -> None:
    with pytest.raises(FpError, match="cannot be read: write track#number/seconds/condition"):
        single.heard("seed", "generated:12", query="song-0003.flac")
    with pytest.raises(FpError, match="has no track 'nobody'"):
        single.heard("seed", "generated:12", query="nobody#0/5s/clean")


def test_a_query_of_a_run_is_the_one_named_or_the_worst_failure(real_run: RunFolder) -> None:
    found = study.load([real_run.path])
    result = found.trial("t000")
    [worst_one] = worst.worst(result, 1)
    assert single.heard_of_run(str(real_run.path), "t000").query == worst_one.query
    named = str(result.outcomes["query"].iloc[-1])
    assert single.heard_of_run(str(real_run.path), "t000", named).query == named
