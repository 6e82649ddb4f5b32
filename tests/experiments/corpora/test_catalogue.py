"""Corpora by name, and what keeps one from being prepared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from experiments.errors import CorpusError
from tests import warm
from tests.experiments.corpora.material import OpenCorpus


class TestNames:
    @pytest.mark.parametrize("name", ["", "deom", "demo:3", "debian-games:2", "generated:"])
    def test_an_unknown_name_is_refused_with_the_known_ones(
        self, name: str, open_corpus: OpenCorpus
    ) -> None:
        with pytest.raises(CorpusError, match=r"choose one of generated, generated:N, demo, "):
            open_corpus(name)


class TestFullDisk:
    # A limit on the size of files makes writing fail half-way, as a full disk does.
    SCRIPT = """
import resource, sys
from pathlib import Path
from rich.console import Console
from experiments.corpora import CorpusError, corpus

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    corpus("generated:2", cache_dir=Path(sys.argv[1]), console=Console(quiet=True))
except CorpusError as error:
    sys.exit(str(error))
"""

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
    def test_it_is_said_in_one_sentence_and_leaves_no_part_of_a_song(self, tmp_path: Path) -> None:
        failed = subprocess.run(
            [warm.python(), "-c", self.SCRIPT, tmp_path],
            check=False,
            capture_output=True,
            text=True,
        )
        assert failed.returncode == 1
        assert failed.stderr.startswith(
            f"the corpus generated:2 could not be prepared in {tmp_path} (File too large): make"
        )
        assert failed.stderr.count("\n") == 1
        assert not list(next(tmp_path.iterdir()).iterdir())
