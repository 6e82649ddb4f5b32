"""Warm-up: all that a recognition calls is compiled by then, and one sentence tells of it."""

from __future__ import annotations

import logging
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from numba.core import event
from numba.core.registry import CPUDispatcher

from fpcore import Library, kernels, warmup
from fpcore.errors import StoreError
from fpcore.kernels import compiling
from fpcore.profiles import load_profile
from tests.fpcore.synthetic import music

PROFILE = load_profile()


@pytest.mark.parametrize("name", ["seed", "balanced"])
def test_noise_gives_hashes_under_any_profile_and_always_the_same(name: str) -> None:
    profile = load_profile(name)
    first, again = (warmup.noise_query(profile.fingerprint, profile.query) for _ in range(2))
    assert first.duration_s == pytest.approx(2.0, abs=0.01)
    assert len(first.hashes) > 100
    assert first.hashes.token.tolist() == again.hashes.token.tolist()


def _kernels() -> Iterator[CPUDispatcher]:
    for module in pkgutil.iter_modules(kernels.__path__):
        found = import_module(f"{kernels.__name__}.{module.name}")
        yield from (one for one in vars(found).values() if isinstance(one, CPUDispatcher))


def _overloads() -> dict[str, set[object]]:
    return {str(one): set(one.signatures) for one in _kernels()}


def test_learning_and_asking_call_nothing_that_was_not_loaded(tmp_path: Path) -> None:
    warmup._exercise(PROFILE)
    before = _overloads()
    rate_hz = PROFILE.fingerprint.sample_rate_hz
    song, stranger = (music(16, rate_hz, seed) for seed in (1, 2))
    with Library.open(tmp_path / "songs.db", PROFILE, create=True) as library:
        library.learn(song, sample_rate_hz=rate_hz)
        for samples in (song[: 8 * rate_hz], stranger[: 8 * rate_hz]):
            library.recognize(samples, sample_rate_hz=rate_hz)
        assert list(library.scan(song, sample_rate_hz=rate_hz))
    assert _overloads() == before


def test_kernels_are_made_ready_once_and_what_is_compiled_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    exercised: list[str] = []

    def compiles(profile: object) -> None:
        exercised.append("once")
        for _ in range(2):
            with event.trigger_event("numba:compile"):
                pass

    monkeypatch.setattr(warmup, "_exercise", compiles)
    monkeypatch.setattr(compiling, "compiled_folder", lambda: tmp_path / "numba")
    for _ in range(2):
        monkeypatch.setattr(warmup, "_ready", set())  # as in a new process
        with caplog.at_level(logging.WARNING):
            warmup.make_ready(PROFILE)
    assert exercised == ["once"]
    [told] = caplog.messages
    assert told.startswith("Compiling the kernels, once: ")
    assert told.endswith(f"is kept in {tmp_path / 'numba'}")


def test_where_nothing_can_be_kept_it_is_ready_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "numba").write_text("a file in the place of the folder")
    monkeypatch.setattr(compiling, "compiled_folder", lambda: tmp_path / "numba")
    for error in (None, OSError("no room"), StoreError("no room")):

        def exercise(profile: object, error: Exception | None = error) -> None:
            if error is not None:
                raise error

        monkeypatch.setattr(warmup, "_exercise", exercise)
        monkeypatch.setattr(warmup, "_ready", set())
        warmup.make_ready(PROFILE)
        assert len(warmup._ready) == 1
    assert caplog.messages == []


def test_that_all_is_ready_is_known_without_loading_numba(tmp_path: Path) -> None:
    code = (
        "import sys; from fpcore import Library; "
        "Library.open('songs.db', create=True).learn_files([]); "
        "from fpcore.warmup import make_ready; from fpcore.profiles import load_profile; "
        "make_ready(load_profile()); sys.exit('numba' in sys.modules)"
    )
    warmup.make_ready(PROFILE)  # what is compiled is kept from here on
    root = str(Path(__file__).resolve().parents[2])
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        check=True,
    )
