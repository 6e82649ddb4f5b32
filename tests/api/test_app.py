"""The application: what it serves and documents, and how it starts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from api.uploads.forms import MAX_SONG_NAME
from fpcore.errors import ConfigError
from fpcore.profiles import DEFAULT_PROFILE
from tests.api.material import learn, song
from tests.api.server import ROOT, TIMEOUT_S, Server

LISTENS = r"running on (http://127\.0\.0\.1:\d+)"


def test_documentation_covers_every_endpoint(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    expected = {
        "/learn": {"post"},
        "/recognize": {"post"},
        "/explain": {"post"},
        "/songs": {"get", "delete"},
        "/songs/{song_id}": {"get", "patch", "delete"},
        "/stats": {"get"},
        "/profile": {"get"},
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/metrics": {"get"},
    }
    assert {path: set(methods) for path, methods in schema["paths"].items()} == expected
    form = schema["paths"]["/learn"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert set(form["schema"]["required"]) == {"file"}
    assert form["schema"]["properties"]["song_name"]["maxLength"] == MAX_SONG_NAME


def test_settings_are_logged_at_the_start(server: Server) -> None:
    record = json.loads(server.wait_for('.*"message": "settings".*')[0])
    assert record["settings"]["database"] == str(server.database)
    assert record["settings"]["max_upload_mb"] == 2


def test_an_application_opens_nothing_before_it_starts(tmp_path: Path) -> None:
    app = create_app(Settings(database=tmp_path / "index.db", temp_folder=tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert "/recognize" in app.openapi()["paths"]


def test_without_settings_they_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPAPI_PORT", "http")
    with pytest.raises(ConfigError, match="FPAPI_PORT: input should be a valid integer"):
        create_app()


def test_uvicorn_serves_the_application_in_an_empty_folder(tmp_path: Path) -> None:
    command = ["uvicorn", "--factory", "api.app:create_app", "--port", "0", "--workers", "2"]
    environment = {name: text for name, text in os.environ.items() if name[:6] != "FPAPI_"}
    environment["PYTHONPATH"] = str(ROOT)
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            told = next(filter(None, (re.search(LISTENS, line) for line in process.stderr)))
            assert any("Application startup complete" in line for line in process.stderr)
            with httpx.Client(base_url=told[1], timeout=TIMEOUT_S, trust_env=False) as client:
                assert learn(client, song(1), "First").status_code == 201
                assert client.get("/stats").json()["profile"]["name"] == DEFAULT_PROFILE
            assert (tmp_path / "music_recognition.db").exists()
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT_S)


def test_importing_the_application_reads_no_settings_and_loads_no_plot_library() -> None:
    program = (
        "import sys, api.app; "
        "heavy = {'librosa', 'matplotlib', 'pandas', 'IPython', 'experiments'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"FPAPI_PORT": "not even a number"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
