"""Where compiled kernels are kept, and that other code keeps its own place."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest

from fpcore.kernels import compiling


def test_compiled_code_lies_in_the_cache_of_the_user_unless_numba_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPCORE_CACHE", str(tmp_path))
    for told, folder in (("", tmp_path / "numba"), ("/elsewhere", Path("/elsewhere"))):
        monkeypatch.setenv("NUMBA_CACHE_DIR", told)
        assert compiling.compiled_folder.__wrapped__() == folder


def test_other_code_keeps_its_own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "compiled_folder", lambda: tmp_path)
    before = numba.config.CACHE_DIR
    doubled = compiling.kernel(_doubled)
    assert before == numba.config.CACHE_DIR
    assert doubled(np.float64(2.0)) == 4.0
    assert list(tmp_path.rglob("*.nbi"))


def _doubled(value: float) -> float:
    return 2 * value
