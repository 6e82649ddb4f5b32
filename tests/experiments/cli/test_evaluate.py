"""``fpbench evaluate``: recordings of the small corpus, asked as a user would."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from experiments.cli import evaluate
from experiments.corpora import corpus
from experiments.files import read_rows
from fpcore.config import FittedOn
from fpcore.library import Library
from fpcore.profiles import load_profile, save_profile
from tests.experiments import recorded, small
from tests.experiments.cli.running import fpbench, is_one_line


@pytest.fixture(scope="module")
def folder(workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("recordings")
    recorded.record(corpus(small.CORPUS), made)
    recorded.listed(made, "faulty.csv", (*recorded.ROWS, *recorded.FAULTY))
    return made


@pytest.fixture(scope="module")
def database(workbench: Path, folder: Path) -> Path:
    """Return a database of songs 0, 1 and 4."""
    source, path = corpus(small.CORPUS), folder / "music.db"
    with Library.open(path, "tiny", create=True) as library:
        for number in (0, 1, 4):
            library.learn(source.path_of(source.tracks[number]))
    return path


def fitted_here(folder: Path) -> Path:
    """Write a profile whose decision was fitted on the small corpus."""
    profile = load_profile("balanced")
    checksum = corpus(small.CORPUS).checksum
    fitted_on = FittedOn(corpus_checksum=checksum, seed=0, calibration_share=0.5)
    decision = profile.decision.model_copy(update={"fitted_on": fitted_on})
    path = folder / "mine.json"
    save_profile(profile.model_copy(update={"name": "mine", "decision": decision}), path)
    return path


def test_recordings_are_counted_overall_and_by_group(folder: Path, tmp_path: Path) -> None:
    rows_file = tmp_path / "rows.csv"
    done = fpbench(
        "evaluate", "--queries", folder / "recordings.csv", "--corpus", small.CORPUS,
        "--profile", fitted_here(tmp_path), "--csv", rows_file, "--jobs", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert is_one_line(done.stderr)
    assert "note: the decision of mine was fitted on clips of this corpus" in done.stderr
    told, table, failed = done.stdout.split("\n\n")
    assert re.search(r"Profile mine \(\w{12}\), threshold 0\.\d{3}; generated:8", told)
    assert "recordings.csv: 6 recordings asked" in told
    assert re.findall(r"^(of .*): (\d+\.\d% of \d) \(95% interval [0-9. to]+%\)$", told, re.M) == [
        ("of recordings of indexed songs, accepted and right", "60.0% of 5"),
        ("of recordings of indexed songs, accepted under a wrong name", "20.0% of 5"),
        ("of recordings of strangers, given a name", "0.0% of 1"),
        ("of accepted and right answers whose place is given, there within 50 ms", "50.0% of 2"),
        ("of accepted and right answers whose place is given, there within 500 ms", "50.0% of 2"),
    ]
    groups = [re.split(r" {2,}", re.sub(r" \(\d+-\d+\)", "", one)) for one in table.splitlines()]
    assert groups[1:] == [
        ["device", "laptop", "2", "0", "50", "0", "–", "0", "0"],
        ["device", "phone", "3", "1", "67", "33", "0", "100", "100"],
        ["distance", "(empty)", "0", "1", "–", "–", "0", "–", "–"],
        ["distance", "1", "3", "0", "33", "33", "–", "100", "100"],
        ["distance", "3", "2", "0", "100", "0", "–", "0", "0"],
    ]
    assert re.search(r"^mislabelled-3\.wav +wrong song +song-0003\.flac +song-0004", failed, re.M)
    assert re.search(r"^deaf-2\.wav +not recognised +song-0002\.flac ", failed, re.M)
    assert re.search(r"^laptop-0\.wav +wrong place .* 20\.70 +22\.\d\d$", failed, re.M)
    assert failed.startswith("3 failures:")
    rows = read_rows(rows_file)
    assert rows["track"].tolist()[-1] == ""
    assert rows["device"].tolist() == ["phone", "laptop", "phone", "laptop", "phone", "phone"]


def test_faults_are_told_and_counted_and_the_rest_is_asked(folder: Path, database: Path) -> None:
    done = fpbench(
        "evaluate", "--queries", folder / "faulty.csv", "--db", database, "--by", "device",
        "--jobs", "2", "--json",
    )  # fmt: skip
    assert done.returncode == 1
    complaints = done.stderr.splitlines()
    assert [re.sub(r"^fpbench: faulty\.csv |:.*", "", line) for line in complaints] == [
        "line 5",  # songs 2 and 3 were not learned
        "line 6",
        "line 8",
        "line 10",
        "line 9",
        "fpbench",
    ]
    assert complaints[-1] == (
        "fpbench: 5 of 9 rows not asked (unknown song 2, missing file 1, duplicate 1, no audio 1)"
    )
    told = json.loads(done.stdout)
    assert (told["profile"], told["n_asked"]) == ("tiny", 4)
    right = told["shares"]["accepted_right"]
    assert (right["n_right"], right["n"]) == (3, 3)
    assert [(one["by"], one["value"]) for one in told["groups"]] == [
        ("device", "laptop"),
        ("device", "phone"),
    ]
    assert len(told["faults"]) == 5
    [failed] = told["failures"]
    assert (failed["track"], failed["failure"]) == ("song-0000", "misplaced")


def test_columns_of_many_values_and_many_failures_are_cut_short(
    folder: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "MOST_VALUES", 2)
    monkeypatch.setattr(evaluate, "MOST_FAILURES", 1)
    rows = ("mislabelled-3.wav,song-0001,,phone,1", "laptop-0.wav,none,,laptop,2")
    path = recorded.listed(folder, "wrong.csv", (*rows, "phone-0.wav,song-0000,,phone,3"))
    done = fpbench("evaluate", "--queries", path, "--db", database, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^device +phone +2 +0 ", done.stdout, re.M)
    assert not re.search(r"^distance", done.stdout, re.M)
    listed = done.stdout.partition("2 failures, the first 1 of them (--csv has all):\n")[2]
    assert re.search(r"^laptop-0\.wav +stranger named +none +song-0000 ", listed, re.M)
    assert "mislabelled" not in listed


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--corpus", small.CORPUS, "--db", "music.db"], 2, "by one of --corpus and --db"),
        ([], 2, "by one of --corpus and --db"),
        (["--corpus", small.CORPUS, "--layout", "xml"], 2, "no layout 'xml': choose one of csv"),
        (["--db", "nix.db"], 1, "there is no database nix.db"),
        (["--corpus", small.CORPUS, "--profile", "nobody"], 1, "nobody"),
        (["--corpus", small.CORPUS, "--layout", "mirex"], 1, "no recording that can be asked"),
        (["--corpus", small.CORPUS, "--by", "room"], 1, "choose of device, distance, clip_s"),
    ],
)
def test_what_cannot_be_done_is_told(
    folder: Path, arguments: list[str], code: int, complaint: str
) -> None:
    done = fpbench("evaluate", "--queries", folder / "recordings.csv", *arguments, "--jobs", "1")
    assert done.returncode == code
    assert complaint in done.stderr
    assert done.stdout == ""


def test_a_database_of_another_configuration_is_refused(folder: Path, database: Path) -> None:
    list_ = folder / "recordings.csv"
    done = fpbench("evaluate", "--queries", list_, "--db", database, "--profile", "robust")
    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert "was made with another configuration" in done.stderr


def test_a_folder_of_recordings_is_asked_like_a_list(
    folder: Path, database: Path, tmp_path: Path
) -> None:
    for name, song in (("phone-0.wav", "song-0000"), ("stranger.wav", "none")):
        (tmp_path / song).mkdir()
        (tmp_path / song / name).write_bytes((folder / name).read_bytes())
    done = fpbench("evaluate", "--queries", tmp_path, "--db", database, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"accepted and right: 100\.0% of 1 ", done.stdout)
    assert re.search(r"strangers, given a name: 0\.0% of 1 ", done.stdout)
    assert done.stdout.count("there are none") == 2
    assert done.stdout.endswith("No failures.\n")
