"""The help of the whole command ``fpbench``: every command is told of in full."""

from __future__ import annotations

from importlib import metadata

import pytest

from tests.experiments.cli.running import fpbench


def test_no_summary_of_a_command_is_cut_short() -> None:
    done = fpbench("--help")
    summaries = done.stdout.partition("Commands:")[2].strip().splitlines()
    assert len(summaries) >= 14
    assert all(summary.endswith(".") and "..." not in summary for summary in summaries)


@pytest.mark.parametrize("name", ["sweep", "tune", "promote", "evaluate"])
def test_every_command_explains_itself(name: str) -> None:
    done = fpbench(name, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout


def test_the_version_is_told() -> None:
    assert fpbench("--version").stdout == f"fpbench {metadata.version('fpworkbench')}\n"
