"""What rows may depend on besides their spec: versions, the commit, the machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from experiments import provenance
from fpcore.config import ALGORITHM_VERSION


def test_time_is_told_in_whole_seconds_of_utc() -> None:
    told = datetime.fromisoformat(provenance.now())
    assert told.utcoffset() == UTC.utcoffset(None)
    assert told.microsecond == 0
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60


def test_versions_are_those_that_run_and_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provenance, "_VERSIONED", ("numpy", "no-such-package"))
    assert provenance.versions() == {
        "python": ".".join(map(str, sys.version_info[:3])),
        "algorithm": str(ALGORITHM_VERSION),
        "numpy": np.__version__,
        "no-such-package": "not installed",
    }


def test_the_host_is_told_by_processor_cores_and_system() -> None:
    told = provenance.host()
    assert set(told) == {"cpu", "n_cores", "system"}
    assert told["n_cores"] == os.cpu_count()
    assert told["cpu"]
    assert told["system"].split()[0] == os.uname().sysname


class TestCommit:
    @pytest.fixture
    def checkout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A repository with one commit, which counts as the project's."""
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            monkeypatch.delenv(name, raising=False)
        (tmp_path / "file").write_text("first")
        for command in (
            ["init", "--quiet"],
            ["add", "file"],
            ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "x"],
        ):
            subprocess.run(["git", "-C", tmp_path, *command], check=True)
        monkeypatch.setattr(provenance, "checkout", lambda: tmp_path)
        return tmp_path

    def test_a_checkout_that_was_changed_is_marked(self, checkout: Path) -> None:
        commit = provenance.git_commit()
        assert commit is not None
        assert re.fullmatch("[0-9a-f]{40}", commit)
        (checkout / "another").write_text("not tracked")
        assert provenance.git_commit() == commit
        (checkout / "file").write_text("second")
        assert provenance.git_commit() == f"{commit}+"

    def test_outside_of_a_checkout_there_is_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(provenance, "checkout", lambda: None)
        assert provenance.git_commit() is None
        monkeypatch.setattr(provenance, "checkout", lambda: tmp_path)
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert provenance.git_commit() is None

    def test_without_git_there_is_none(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(checkout))
        assert provenance.git_commit() is None
