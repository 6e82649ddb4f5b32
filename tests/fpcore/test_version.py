"""The version that is told."""

from __future__ import annotations

from importlib import metadata

import pytest

from fpcore import version as module
from fpcore.version import version


def test_it_is_that_of_the_installed_project(monkeypatch: pytest.MonkeyPatch) -> None:
    assert version() == metadata.version("fpworkbench")
    monkeypatch.setattr(module, "DISTRIBUTION", "never-installed-anywhere")
    assert version() == "not installed"
