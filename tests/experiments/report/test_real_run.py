"""On a real run: failures are heard again as they were, notebooks run, commands answer."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import soundfile

from experiments.errors import RunError
from experiments.report import page, single, study, worst
from experiments.sweeps.notebook import NOTEBOOKS
from fpcore.errors import FpError


def fpbench(*arguments):
    """Run the command as a process; return its exit code, answer and complaint."""
    code = "import sys; from experiments.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


def executed(name, folder, parameters):
    """Run a notebook in a process of its own, since papermill leaves sockets to the collector."""
    code = (
        "import json, sys\nfrom pathlib import Path\n"
        "from experiments.sweeps.notebook import execute\n"
        "from experiments.results.run_folder import RunFolder\n"
        "execute(sys.argv[1], RunFolder(Path(sys.argv[2])), json.loads(sys.argv[3]))"
    )
    command = [sys.executable, "-c", code, name, str(folder), json.dumps(parameters)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return nbformat.read(folder / f"{name}.ipynb", as_version=4)


def outputs_of(notebook, kind):
    """Return the outputs of one MIME type in an executed notebook."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def test_queries_heard_again_give_the_answers_that_were_stored(real_run):
    found = study.load([real_run.path])
    result = found.results[1]
    rows = result.outcomes.set_index("query")
    # Every third query, so that tracks, excerpts and conditions vary.
    ids = list(rows.index[::3])
    n_equal = 0
    for heard in worst.explained(found, result, ids):
        stored = rows.loc[heard.query]
        matches = heard.explanation.matches
        assert heard.degraded.duration_s == pytest.approx(stored["clip_s"], abs=1e-3)
        if stored["right"]:
            n_equal += 1
            best = matches[0]
            assert best.song_name == stored["answer"]
            assert best.votes == stored["votes"]
            assert best.offset_s - stored["start_s"] == pytest.approx(stored["offset_error_s"])
    assert n_equal >= 3


def test_worst_failures_take_turns_and_are_failures(made_up):
    result = made_up.results[0]
    failures = worst.worst(result, 30)
    rows = result.outcomes.set_index("query")
    for one in failures:
        row = rows.loc[one.query]
        accepted = row["confidence_probability"] >= result.threshold
        right = row["indexed"] and row["right"]
        expected = {
            "false alarm": accepted and not row["indexed"],
            "wrong name": accepted and row["indexed"] and not right,
            "missed": row["indexed"] and not accepted,
        }
        assert expected[one.kind], one
        assert one.track in one.sentence
    misses = [one for one in failures if one.kind == "missed"]
    assert len({one.track for one in misses}) == len(misses) > 3
    assert misses[0].condition == "clean"  # the easiest condition first
    assert len(worst.worst(result, 2)) == 2


def test_a_changed_corpus_and_an_unknown_query_are_refused(real_run, tmp_path):
    found = study.load([real_run.path])
    result = found.results[0]
    with pytest.raises(RunError, match="asked no query 'song#0'"):
        list(worst.explained(found, result, ["song#0"]))
    with pytest.raises(RunError, match=r"asked no query 's~0009\.flac#0/3s/clean'"):
        list(worst.explained(found, result, ["s~0009.flac#0/3s/clean"]))
    found.manifests[result.run] = found.manifests[result.run].model_copy(
        update={"corpus_checksum": "0" * 64}
    )
    with pytest.raises(RunError, match="has other files than when small-1 was run"):
        list(worst.explained(found, result, [result.outcomes["query"][0]]))


def test_the_page_of_a_real_run_pictures_its_failures(real_run, tmp_path):
    report = page.compose(study.load([real_run.path]), n_failures=2)
    assert report.not_pictured == ""
    assert len(report.sections["failures"]) == len(report.failures)
    text = page.write(report, tmp_path).page.read_text(encoding="utf-8")
    for one in report.failures:
        assert one.track in text


@pytest.mark.parametrize("name", ["sweep", "tune", "report", "explain"])
def test_notebooks_are_committed_without_outputs_or_definitions(name):
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    for cell in code:
        assert cell.outputs == []
        assert cell.execution_count is None
        assert not any(line.startswith(("def ", "class ")) for line in cell.source.splitlines())


def test_report_notebook_runs_by_hand_on_the_newest_run(real_run, monkeypatch):
    monkeypatch.setenv("FPBENCH_RUNS", str(real_run.path.parent))
    notebook = executed("report", real_run.path, {})
    assert (real_run.path / "report.html").is_file()
    assert (real_run.path / "leaderboard.csv").is_file()
    assert len(outputs_of(notebook, "image/png")) >= 6


def test_report_command_writes_page_table_figures_and_notebook(real_run, tmp_path):
    code, answer, complaint = fpbench(
        "report", real_run.path, "--out", tmp_path / "there", "--failures", 1
    )
    assert code == 0, complaint
    assert "of the queries of indexed songs" in answer
    for name in ("report.html", "leaderboard.csv", "report.ipynb"):
        assert str(tmp_path / "there" / name) in answer
        assert (tmp_path / "there" / name).is_file()
    assert list((tmp_path / "there" / "figures").glob("failure-*.png"))


def test_compare_command_answers_in_words_and_in_json(real_run):
    run = real_run.path
    code, answer, _ = fpbench("compare", run, run, "--trial-a", "t000", "--trial-b", "t001")
    assert code == 0
    assert "exact McNemar p" in answer
    code, answer, _ = fpbench(
        "compare", run, run, "--trial-a", "t000", "--trial-b", "t001", "--json"
    )
    document = json.loads(answer)
    assert code == 0
    found = document["metrics"]["accepted_right"]
    assert found["n"] == found["both"] + found["only_a"] + found["only_b"] + found["neither"] == 16
    assert document["verdict"]
    assert document["b"]["trial"].startswith("t001")


def test_unknown_runs_and_trials_are_one_sentence(real_run, tmp_path):
    code, answer, complaint = fpbench("report", tmp_path / "nothing")
    assert (code, answer) == (1, "")
    assert complaint.startswith("fpbench: there is no run 'nothing'")
    assert len(complaint.splitlines()) == 1
    code, _, complaint = fpbench("compare", real_run.path, real_run.path, "--trial-a", "t9")
    assert code == 1
    assert "no finished trial of small-1 is called 't9'" in complaint


def test_explain_notebook_runs_with_its_defaults_and_with_others(real_run, tmp_path):
    for name, parameters in {
        "defaults": {},
        "of-a-run": {"run": str(real_run.path), "trial": "t000"},
    }.items():
        notebook = executed("explain", tmp_path / name, parameters)
        assert len(outputs_of(notebook, "image/png")) == 1
        players = [html for html in outputs_of(notebook, "text/html") if "<audio" in html]
        assert len(players) == 2


def test_a_query_by_id_is_found_where_it_was_cut(real_run):
    heard = single.heard("seed", "generated:12", query="song-0003.flac#1/5s/clean")
    assert heard.explanation.matches[0].song_name == "song-0003.flac"
    assert np.array_equal(heard.clean.samples, heard.degraded.samples)


def test_a_file_of_ones_own_is_asked_as_it_is(real_run, tmp_path):
    found = single.heard("seed", "generated:12", query="song-0002.flac#0/5s/clean")
    recording = tmp_path / "mine.wav"
    soundfile.write(recording, found.clean.samples, found.clean.sample_rate_hz)
    heard = single.heard("seed", "generated:12", file=recording)
    assert heard.explanation.matches[0].song_name == "song-0002.flac"
    assert heard.query == str(recording)


def test_a_query_that_cannot_be_read_is_one_sentence(real_run):
    with pytest.raises(FpError, match="cannot be read: write track#number/seconds/condition"):
        single.heard("seed", "generated:12", query="song-0003.flac")
    with pytest.raises(FpError, match="has no track 'nobody'"):
        single.heard("seed", "generated:12", query="nobody#0/5s/clean")
