"""The page stands alone, holds its figures and the truth, and its leaderboard sorts."""

from __future__ import annotations

import base64
import dataclasses
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import pytest

from experiments.errors import RunError
from experiments.report import page, pictures, study, tables, worst
from experiments.results.run_folder import RunFolder
from tests.experiments.report import synthetic_runs

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class References(HTMLParser):
    """Gathers what a page refers to, the order of its rows, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.rows: list[str] = []
        self.hidden: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            reference = values.get(name)
            if reference:
                self.references.append(reference)
        key, name_inside = values.get("data-key"), values.get("id")
        if key is not None:
            self.rows.append(key)
            if "hidden" in values:
                self.hidden.add(key)
        if name_inside is not None:
            self.ids.add(name_inside)


def parsed(text: str) -> References:
    found = References()
    found.feed(text)
    return found


def with_pictures(report: page.Report, *shown: pictures.Picture) -> page.Report:
    """Return the report with these pictures alone: drawing all of them takes seconds."""
    sections: dict[str, list[pictures.Picture]] = {name: [] for name in report.sections}
    return dataclasses.replace(report, sections=sections | {"failures": list(shown)})


def text_of(report: page.Report, folder: Path) -> str:
    """Write the page, and return it."""
    return page.write(report, folder).page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[page.Report, page.Written]:
    folder = tmp_path_factory.mktemp("report") / "made-up-1"
    run = synthetic_runs.write_run(folder, failing=["t001-fanout3-density10"])
    report = page.compose(study.load([run.path]), n_failures=0)
    return report, page.write(report, folder)


def test_the_page_refers_to_nothing_outside_itself(
    written: tuple[page.Report, page.Written],
) -> None:
    text = written[1].page.read_text(encoding="utf-8")
    found = parsed(text)
    for one in found.references:
        assert one.startswith(("data:image/png;base64,", "#")), one[:60]
        if one.startswith("#"):
            assert one[1:] in found.ids
    without_pictures = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(", without_pictures)


def test_the_page_holds_every_figure_that_the_folder_holds(
    written: tuple[page.Report, page.Written],
) -> None:
    inside = {
        base64.b64decode(one.partition(",")[2])
        for one in parsed(written[1].page.read_text(encoding="utf-8")).references
        if one.startswith("data:")
    }
    on_disk = {path.read_bytes() for path in written[1].figures}
    assert inside == on_disk
    assert len(on_disk) == 10
    assert {path.name for path in written[1].page.parent.glob("figures/*")} == {
        path.name for path in written[1].figures
    }


def test_the_page_says_what_was_recommended_failed_and_run(
    written: tuple[page.Report, page.Written],
) -> None:
    text = written[1].page.read_text(encoding="utf-8")
    assert "Promote t008 (fan-out 10, peak density 20)" in text
    assert "What these numbers do not allow to say" in text
    assert "ValueError: made to fail" in text
    assert "What do fan-out and density do?" in text


def test_the_table_on_disk_is_the_leaderboard(written: tuple[page.Report, page.Written]) -> None:
    report, files = written
    table = pd.read_csv(files.leaderboard)
    assert table["trial"].tolist() == report.board["trial"].tolist()
    assert table["accuracy"].tolist() == report.board["accuracy"].tolist()
    rows = parsed(files.page.read_text(encoding="utf-8")).rows
    assert rows == report.board.index.tolist()


def test_the_same_run_gives_the_same_bytes_and_only_figures_of_reports_are_replaced(
    written: tuple[page.Report, page.Written], tmp_path: Path
) -> None:
    report, files = written
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "holiday.png").write_bytes(b"a user's own picture")
    (folder / "of-an-earlier-report.png").write_bytes(files.figures[0].read_bytes())
    again = page.write(page.compose(report.study, n_failures=0), tmp_path)
    assert again.page.read_bytes() == files.page.read_bytes()
    assert again.leaderboard.read_bytes() == files.leaderboard.read_bytes()
    assert (folder / "holiday.png").read_bytes() == b"a user's own picture"
    assert not (folder / "of-an-earlier-report.png").exists()


def test_names_are_text_and_never_markup(made_up: study.Study, tmp_path: Path) -> None:
    named = dataclasses.replace(made_up, failed={"<script>alert(1)</script>": "<img src=x>"})
    text = text_of(with_pictures(page.compose(named, n_failures=0)), tmp_path)
    assert "<script>alert" not in text
    assert "<img src=x>" not in text
    assert "&lt;img src=x&gt;" in text


def test_without_the_audio_failures_are_told_in_words(
    made_up: study.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "the corpus has other files"

    def explained(*arguments: Any, **options: Any) -> NoReturn:
        raise RunError(missing)

    monkeypatch.setattr(worst, "explained", explained)
    report = page.compose(made_up, n_failures=3)
    text = text_of(with_pictures(report), tmp_path)
    assert f"They could not be pictured: {missing}." in text
    assert len(report.failures) == 3
    assert not report.sections["failures"]


def test_a_file_in_the_way_of_the_folder_is_one_sentence(
    written: tuple[page.Report, page.Written], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RunError, match="cannot write"):
        page.write(with_pictures(written[0]), tmp_path / "taken")


def in_browser(files: page.Written, script: str, folder: Path) -> References:
    """Return the page as it is after a script ran in it."""
    text = files.page.read_text(encoding="utf-8")
    scripted = folder / "scripted.html"
    scripted.write_text(text.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    dumped = subprocess.run(
        [*command, scripted.as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    return parsed(dumped.stdout)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_a_click_on_a_heading_sorts_and_a_second_one_turns_it_round(
    written: tuple[page.Report, page.Written], tmp_path: Path
) -> None:
    report, files = written
    click = (
        "const size = [...document.querySelectorAll('#board thead button')]"
        ".find(one => one.textContent === 'Index');"
    )
    by_size = report.board.sort_values("bytes_per_hour", kind="stable").index.tolist()
    sizes = report.board["bytes_per_hour"]
    falling = in_browser(files, click + "size.click();", tmp_path).rows
    assert sizes[falling].is_monotonic_decreasing
    rising = in_browser(files, click + "size.click(); size.click();", tmp_path).rows
    assert sizes[rising].is_monotonic_increasing
    assert set(rising) == set(by_size)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_words_and_the_front_filter_rows(
    written: tuple[page.Report, page.Written], tmp_path: Path
) -> None:
    report, files = written
    script = (
        "const words = document.getElementById('filter'); words.value = 'FAN-OUT 10, peak';"
        "words.dispatchEvent(new Event('input'));"
    )
    found = in_browser(files, script, tmp_path)
    shown = set(found.rows) - found.hidden
    assert shown == {
        result.key
        for result in report.study.results
        if result.swept["fingerprint.pairs.fan_out"] == 10
    }
    front = "const box = document.getElementById('front'); box.click();"
    found = in_browser(files, front, tmp_path)
    assert set(found.rows) - found.hidden == set(report.board.index[report.board["pareto"]])


def test_every_number_of_the_leaderboard_can_be_sorted_by(
    written: tuple[page.Report, page.Written],
) -> None:
    report, files = written
    cells = re.findall(r'data-value="([^"]*)"', files.page.read_text(encoding="utf-8"))
    per_row = len(cells) // len(report.board)
    assert per_row * len(report.board) == len(cells)
    accuracy = [float(one) for one in cells[::per_row]]
    assert accuracy == report.board["accuracy"].tolist()
    best = tables.row(report.board, report.board.index[0])
    assert float(cells[6]) == best["bytes_per_hour"]


def test_the_page_of_a_real_run_pictures_its_failures(real_run: RunFolder, tmp_path: Path) -> None:
    report = page.compose(study.load([real_run.path]), n_failures=2)
    assert report.not_pictured == ""
    assert len(report.sections["failures"]) == len(report.failures)
    text = text_of(with_pictures(report, *report.sections["failures"]), tmp_path)
    for one in report.failures:
        assert one.track in text
