from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.degradations.sources import (
    DecodedFiles,
    Sources,
    checksums,
    file_checksums,
    files,
    samples,
)
from fpcore.errors import AudioError, ConfigError


def write(path: Path, level: float, *, n_samples: int = 8000) -> Path:
    soundfile.write(path, np.full(n_samples, level), 8000, subtype="FLOAT")
    return path


def test_a_file_is_decoded_once_per_rate(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", 0.25)
    first = samples(path, 8000)
    assert samples(path, 8000) is first
    assert len(samples(path, 16000)) == 16000


def test_a_changed_file_is_decoded_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", 0.25)
    assert samples(path, 8000)[4000] == pytest.approx(0.25)
    write(path, 0.5, n_samples=9000)
    assert samples(path, 8000)[4000] == pytest.approx(0.5)


def test_only_so_many_bytes_are_kept(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.wav", 0.1) for name in "abc"]
    decoded = DecodedFiles(max_bytes=2 * 8000 * 4)
    a, b = decoded.get(paths[0], 8000), decoded.get(paths[1], 8000)
    assert decoded.get(paths[0], 8000) is a
    decoded.get(paths[2], 8000)  # the least recently used one, b, has to go
    assert decoded.get(paths[0], 8000) is a
    assert decoded.get(paths[1], 8000) is not b


def test_a_file_larger_than_the_cache_is_still_decoded(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", 0.1)
    assert len(DecodedFiles(max_bytes=100).get(path, 8000)) == 8000


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav"):
        samples(tmp_path / "gone.wav", 8000)


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'noise'.*given: rooms, speech"):
        files({"speech": [Path("a")], "rooms": [Path("b")]}, "noise")


def now(sources: Sources) -> dict[str, str]:
    return checksums(sources, file_checksums(sources))


def test_a_source_is_known_by_what_its_files_hold_and_their_order(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    loud, quiet = write(tmp_path / "one" / "a.wav", 0.5), write(tmp_path / "two" / "a.wav", 0.1)
    assert loud.stat().st_size == quiet.stat().st_size
    found = now({"loud": [loud], "quiet": [quiet], "both": [loud, quiet]})
    assert len({*found.values(), *now({"both": [quiet, loud]}).values()}) == 4
    copy = tmp_path / "copy.wav"
    copy.write_bytes(loud.read_bytes())
    assert now({"loud": [copy]}) == {"loud": found["loud"]}
    write(copy, 0.2)
    assert now({"loud": [copy]}) != {"loud": found["loud"]}
