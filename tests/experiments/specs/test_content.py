"""What a spec says is found by name or path, set key by key, and the same in any folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.specs.content import spec_names, with_absolute_paths
from experiments.specs.spec import load_spec
from fpcore.errors import ConfigError

CONTENT: dict[str, Any] = {"name": "one", "profiles": ["balanced"], "degradations": ["clean"]}


def test_the_specs_that_the_project_promises_are_there() -> None:
    promised = {"window", "fanout", "dt", "classic", "robustness", "query"}
    assert promised <= set(spec_names())


def test_settings_replace_single_keys(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text("profiles: [balanced]\ndegradations: [clean]\nseed: 1\n")
    changes = ["seed=7", "excerpts.indexed=3", "fingerprint.pairs.fan_out=[2, 4]"]
    spec = load_spec(path, changes)
    assert (spec.name, spec.seed, spec.excerpts.indexed) == ("mine", 7, 3)
    assert spec.fingerprint == {"pairs.fan_out": (2, 4)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed: 1\nseed: 2\n", r"the key 'seed' comes twice"),
        ("- a\n- b\n", r"must hold keys and values"),
        ("seed: [1\n", r"is not YAML"),
        ("", r"must hold keys and values"),
    ],
)
def test_a_file_that_is_no_spec_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        load_spec(path)


def test_a_missing_spec_is_refused_with_the_names_at_hand() -> None:
    with pytest.raises(ConfigError, match=r"name a file or one of classic, demo, dt"):
        load_spec("nope")


def test_paths_from_the_working_folder_become_absolute_and_names_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = {
        **CONTENT,
        "profiles": ["balanced", "./my.json", "my.json", "/there/my.json"],
        "corpus": "folder:m",
        "sources": {"noise": "folder:../n", "speech": "debian-speech", "hum": "folder:~/hum"},
    }
    assert with_absolute_paths(content) == {
        **content,
        "profiles": ["balanced", *[str(tmp_path / "my.json")] * 2, "/there/my.json"],
        "corpus": f"folder:{tmp_path / 'm'}",
        "sources": {
            "noise": f"folder:{tmp_path.parent / 'n'}",
            "speech": "debian-speech",
            "hum": f"folder:{Path.home().resolve() / 'hum'}",
        },
    }
    assert with_absolute_paths({**CONTENT, "profiles": "my.json"})["profiles"] == str(
        tmp_path / "my.json"
    )
