"""Commands on a database of a PostgreSQL server, from learning to removal."""

from __future__ import annotations

import json
from pathlib import Path

from tests import postgres
from tests.fpcore.cli.running import complaint, fpcore


def test_commands_work_on_an_address_as_on_a_file(one_song: Path, tmp_path: Path) -> None:
    with postgres.database(postgres.shared(), suffix="music") as url:
        env = {"FPCORE_DB": url, "FPCORE_CACHE": str(tmp_path / "cache")}
        complaint(fpcore("songs", cwd=tmp_path, env=env), "holds no index yet: learn some music")
        assert fpcore("learn", one_song, cwd=tmp_path, env=env).returncode == 0
        done = fpcore("recognize", one_song, "--json", cwd=tmp_path, env=env)
        (found,) = json.loads(done.stdout)["results"]
        assert found["match"]["song_name"] == "a song"
        assert fpcore("check", "--full", cwd=tmp_path, env=env).returncode == 0
        assert fpcore("backup", "copy.db", cwd=tmp_path, env=env).returncode == 0
        listed = fpcore("songs", "--json", "--db", "copy.db", cwd=tmp_path, env=env)
        assert [one["name"] for one in json.loads(listed.stdout)["songs"]] == ["a song"]
        for command in (("convert",), ("reindex", "--profile", "tiny")):
            complaint(
                fpcore(*command, cwd=tmp_path, env=env), f"fpcore {command[0]}` works on files"
            )
        assert fpcore("remove", "1", cwd=tmp_path, env=env).returncode == 0
        assert fpcore("songs", cwd=tmp_path, env=env).returncode == 0


def test_an_address_that_is_none_is_refused_without_its_password(tmp_path: Path) -> None:
    done = fpcore("songs", "--db", "postgresql://me:s3cret@h@h/d", cwd=tmp_path)
    assert done.returncode == 2
    assert "write postgresql://USER" in " ".join(done.stderr.split())
    assert "s3cret" not in done.stderr
