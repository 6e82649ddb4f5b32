"""Settings from the environment, and what is refused there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import anyio
import pytest

from api.decoding.jobs import Bounds, Task
from api.decoding.pool import DecodePool
from api.settings import DAY_S, TERABYTE_MB, Settings
from fpcore.audio import AudioLimits
from fpcore.errors import ConfigError
from fpcore.library import Library
from fpcore.profiles import load_profile
from tests.api import rogue_jobs


def test_without_variables_the_service_is_local_and_has_no_key() -> None:
    settings = Settings.from_environment({"PATH": "/bin"})
    assert settings == Settings()
    assert settings.host == "127.0.0.1"
    assert settings.api_key is None
    assert settings.cors_origins == ()


def test_variables_give_fields_their_types() -> None:
    settings = Settings.from_environment(
        {
            "FPAPI_PORT": "9000",
            "FPAPI_DATABASE": "/data/index.db",
            "FPAPI_CORS_ORIGINS": "https://a.example, https://b.example,",
            "FPAPI_MAX_UPLOAD_MB": "1.5",
            "FPAPI_PROXIES": "127.0.0.1, 10.0.0.0/8, ::1",
            "FPAPI_API_KEY": "k" * 16,
        }
    )
    assert settings.port == 9000
    assert settings.database == Path("/data/index.db")
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.max_upload_bytes == 1_500_000
    assert settings.max_arriving_bytes == 15_000_000
    assert settings.proxies == ("127.0.0.1", "10.0.0.0/8", "::1")


def test_an_empty_text_is_no_setting() -> None:
    empty = {f"FPAPI_{name.upper()}": "" for name in Settings.model_fields}
    assert Settings.from_environment(empty) == Settings()
    with pytest.raises(ConfigError, match="FPAPI_PROT: is no setting"):
        Settings.from_environment({"FPAPI_PROT": ""})


def test_the_defaults_that_help_prints_are_the_defaults() -> None:
    lines = [line for line in Settings.described().splitlines() if line.startswith("FPAPI_")]
    assert Settings.from_environment(dict(line.split("=", 1) for line in lines)) == Settings()


def test_the_key_is_masked_wherever_settings_are_shown() -> None:
    settings = Settings.from_environment({"FPAPI_API_KEY": "secret" * 5})
    assert "secret" not in json.dumps(settings.public()) + repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("FPAPI_PROT", "80", "FPAPI_PROT: is no setting of the service"),
        ("FPAPI_port", "80", "FPAPI_port: is no setting of the service"),
        ("FPAPI_PORT", "http", "FPAPI_PORT: input should be a valid integer"),
        ("FPAPI_PORT", "70000", "FPAPI_PORT: input should be less than or equal to 65535"),
        ("FPAPI_MAX_JOBS", "0", "FPAPI_MAX_JOBS: input should be greater than or equal to 1"),
        ("FPAPI_MAX_UPLOAD_MB", "nan", "FPAPI_MAX_UPLOAD_MB: input should be a finite number"),
        ("FPAPI_WORKER_MEMORY_MB", "1e18", "FPAPI_WORKER_MEMORY_MB: input should be less than"),
        ("FPAPI_WORKER_CPU_S", "9" * 20, "FPAPI_WORKER_CPU_S: input should be less than"),
        ("FPAPI_WORKER_WALL_S", "1e300", "FPAPI_WORKER_WALL_S: input should be less than"),
        ("FPAPI_MAX_ARRIVING_MB", "99", "MB: must not be less than FPAPI_MAX_UPLOAD_MB"),
        ("FPAPI_PROXIES", "10.0.0.0/8,proxy", "FPAPI_PROXIES: must be IP addresses or networks"),
        ("FPAPI_LOG_LEVEL", "loud", "FPAPI_LOG_LEVEL: input should be 'debug', 'info'"),
        ("FPAPI_API_KEY", "short", "FPAPI_API_KEY: must have at least 16 characters"),
    ],
)
def test_variables_that_are_not_valid_are_refused_by_name(
    variable: str, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        Settings.from_environment({variable: text})


def test_the_largest_bounds_are_bounds_that_the_system_takes(tmp_path: Path) -> None:
    settings = Settings(worker_memory_mb=TERABYTE_MB, worker_cpu_s=DAY_S, worker_wall_s=DAY_S)
    bounds = Bounds(settings.worker_memory_bytes, settings.worker_cpu_s, settings.worker_wall_s)
    pool = DecodePool(1, Task(load_profile(), AudioLimits(), tmp_path / "x.db", bounds))
    try:
        pool.start()
        assert anyio.run(pool.run, rogue_jobs.Tell()) in pool.process_ids()
    finally:
        pool.close()


def test_a_refused_key_is_not_quoted() -> None:
    with pytest.raises(ConfigError) as refusal:
        Settings.from_environment({"FPAPI_API_KEY": "tooshort"})
    assert "tooshort" not in str(refusal.value)


def test_an_index_is_served_under_the_profile_that_it_was_made_with_unless_told(
    tmp_path: Path,
) -> None:
    balanced = load_profile()
    own = balanced.model_copy(update={"name": "own", "description": "with the same hashes"})
    Library.open(tmp_path / "own.db", own, create=True).close()
    for given, served in (
        (Settings(database=tmp_path / "own.db"), own),
        (Settings(database=tmp_path / "own.db", profile="balanced"), balanced),
        (Settings(database=tmp_path / "new.db"), balanced),
    ):
        with given.open_library() as library:
            assert library.profile == served
