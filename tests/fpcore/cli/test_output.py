"""Answers as text: names that cannot steer a terminal, times, sizes and tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpcore.cli.output import (
    clock,
    complain,
    counted,
    plain,
    print_json,
    print_json_line,
    print_table,
    progress_bar,
    say,
    size,
    speak_as,
)
from tests.fpcore.cli.running import answer, complaint, fpcore


def test_names_are_printed_as_they_are_but_cannot_steer_the_terminal(
    tmp_path: Path, one_song: Path
) -> None:
    name = "[red]x[/red] :smile: \x1b[31m\r\nend"
    assert fpcore("learn", one_song, "--name", name, cwd=tmp_path).returncode == 0
    shown = fpcore("songs", cwd=tmp_path).stdout
    assert r"[red]x[/red] :smile: \x1b[31m\r\nend" in shown
    recognised = fpcore("recognize", one_song, cwd=tmp_path).stdout
    assert r'"[red]x[/red] :smile: \x1b[31m\r\nend"' in recognised
    assert answer("songs", cwd=tmp_path)["songs"][0]["name"] == name


def test_names_in_any_script_are_printed_as_they_are(tmp_path: Path, one_song: Path) -> None:
    name = "東京\u3000夜\u00a0« \U0001f468\u200d\U0001f469 » नम\u200cस्ते"
    shown = tmp_path / f"{name}.wav"
    assert fpcore("learn", one_song, "--name", name, cwd=tmp_path).returncode == 0
    assert name in fpcore("songs", cwd=tmp_path).stdout
    shown.write_text("no audio")
    complaint(fpcore("learn", shown, cwd=tmp_path), name)
    bidi = "a\u202eb\u2066c\u200fd\u2028e"
    assert fpcore("remove", name, cwd=tmp_path).returncode == 0
    assert fpcore("learn", one_song, "--name", bidi, cwd=tmp_path).returncode == 0
    assert r"a\u202eb\u2066c\u200fd\u2028e" in fpcore("songs", cwd=tmp_path).stdout


def test_a_time_that_is_rounded_to_nothing_has_no_sign() -> None:
    assert [clock(seconds) for seconds in (-0.0004, 0.0, -0.06, 61.04)] == [
        "0:00.0", "0:00.0", "-0:00.1", "1:01.0",
    ]  # fmt: skip


def test_what_would_steer_a_terminal_is_escaped_and_letters_are_not() -> None:
    assert plain("two\nlines\t\x1b[31m\x9b") == r"two\nlines\t\x1b[31m\x9b"
    assert plain("caf\udce9") == r"caf\xe9"
    assert plain("東京 🎵 [b]:x:[/b]") == "東京 🎵 [b]:x:[/b]"


def test_answers_go_to_standard_output_and_complaints_under_a_name_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say("found\a")
    speak_as("other")
    try:
        complain("lost\n")
    finally:
        speak_as("fpcore")
    complain("lost")
    assert capsys.readouterr() == ("found\\x07\n", "other: lost\\n\nfpcore: lost\n")


def test_json_never_holds_what_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, None]})
    print_json_line({"a": [1, None]})
    assert capsys.readouterr().out == '{\n  "a": [\n    1,\n    null\n  ]\n}\n{"a": [1, null]}\n'
    for one in (print_json, print_json_line):
        with pytest.raises(ValueError, match="not JSON compliant"):
            one({"a": float("nan")})


def test_a_table_that_goes_to_a_file_is_neither_cut_nor_wrapped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = "a [very] long name " * 30
    print_table((("name", "left"), ("n", "right")), [(long, 5), ("line\nbreak", 12_345)])
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["name", "n"]
    assert rows[0].startswith(long) and rows[0].endswith("     5")
    assert rows[1].startswith(r"line\nbreak ") and rows[1].endswith(" 12345")


def test_progress_is_not_shown_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("working") as note:
        note(1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (12_345_678, "12.3 MB"),
     (5e9, "5.0 GB"), (3.21e12, "3.2 TB"), (9e15, "9000.0 TB")],
)  # fmt: skip
def test_a_size_is_told_in_powers_of_a_thousand(n_bytes: float, text: str) -> None:
    assert size(n_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [(83.44, 1, "1:23.4"), (59.96, 1, "1:00.0"), (3723.4, 0, "1:02:03"), (3599.6, 0, "1:00:00"),
     (7261.5, 2, "2:01:01.50"), (-0.5, 1, "-0:00.5"), (-0.2, 0, "0:00")],
)  # fmt: skip
def test_a_time_carries_into_minutes_and_hours(seconds: float, decimals: int, text: str) -> None:
    assert clock(seconds, decimals=decimals) == text


def test_one_is_told_in_the_singular() -> None:
    assert [counted(n, "song") for n in (0, 1, 1200)] == ["0 songs", "1 song", "1,200 songs"]
