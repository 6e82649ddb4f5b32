"""``fpbench false-alarms``: what it prints, writes and refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.experiments import small
from tests.experiments.cli.running import fpbench

SMALL = ("--corpus", small.CORPUS, "--condition", "clean", "--clip", "5", "--queries", "4")


def test_it_prints_sizes_and_growth_and_writes_rows_and_a_picture(
    workbench: Path, tmp_path: Path
) -> None:
    rows, picture = tmp_path / "rows.csv", tmp_path / "false-alarms.png"
    done = fpbench("false-alarms", *SMALL, "--times", "2", "--csv", str(rows), "-o", str(picture))
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(rows)
    assert table.groupby("kind").size().to_dict() == {
        "real": 6,
        "surrogates": 6,
        "surrogates alone": 4,
    }
    for n_songs, kind in table[["n_songs", "kind"]].drop_duplicates().itertuples(index=False):
        assert re.search(rf"^ *{n_songs} +{kind} +\d of 4 ", done.stdout, re.MULTILINE)
    assert re.search(r"likeliest stranger grow by\s+[+-]\d+\.\d\d \(95% interval", done.stdout)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in done.stdout


def test_the_corpus_alone_has_no_growth(workbench: Path) -> None:
    done = fpbench("false-alarms", *SMALL, "--times", "1", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["growth"], told["picture"]) == (None, None)
    assert "real" in {size["kind"] for size in told["sizes"]}
    assert all(size["false_alarms"]["n"] == 4 for size in told["sizes"])


def test_the_old_name_is_understood_but_not_listed(workbench: Path) -> None:
    by_old_name = fpbench("chance", "--help")
    assert by_old_name.returncode == 0, by_old_name.stderr
    assert "Measure false alarms in large libraries." in by_old_name.stdout
    listed = fpbench("--help").stdout
    assert re.search(r"^ *false-alarms ", listed, re.MULTILINE)
    assert not re.search(r"^ *chance ", listed, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--times", "0"), 2, "times"),
        ((*SMALL, "--times", "100000000"), 1, "GB are free: make room"),
        (("--corpus", "nothing"), 1, "no corpus 'nothing'"),
    ],
)
def test_bad_input_is_told(
    workbench: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = fpbench("false-alarms", *arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert done.stdout == ""
