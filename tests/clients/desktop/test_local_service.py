"""Local service: started when it is needed, told why not, ended with its window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.desktop.local_service import DATABASE, LocalService, NotServedError

SERVING = (
    "import os, signal; print('Serving http://127.0.0.1:' + os.environ['FPAPI_PORT'] + '7 (x)');"
    "print(os.environ['FPAPI_DATABASE'], flush=True); signal.pause()"
)


def test_it_is_started_once_and_its_database_lies_where_it_says(
    tmp_path: Path, serving: Callable[[str], LocalService]
) -> None:
    service = serving(SERVING)
    assert not service.is_running

    async def twice() -> list[str]:
        return await asyncio.gather(service.started(), service.started())

    assert asyncio.run(twice()) == ["http://127.0.0.1:07"] * 2
    assert service.is_running
    assert service.database == tmp_path / "data" / DATABASE
    service.stop()
    assert not service.is_running
    service.stop()


def test_it_is_started_anew_when_it_has_died(serving: Callable[[str], LocalService]) -> None:
    service = serving(SERVING)
    for _ in range(2):
        assert asyncio.run(service.started()) == "http://127.0.0.1:07"
        service.stop()


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("print('api: the port is taken')", "(the port is taken)"),
        ("raise SystemExit('no such thing')", "(no such thing)"),
        ("", "(it said nothing)"),
    ],
)
def test_why_it_does_not_start_is_one_sentence(
    code: str, cause: str, serving: Callable[[str], LocalService]
) -> None:
    with pytest.raises(NotServedError) as error:
        asyncio.run(serving(code).started())
    assert str(error.value) == f"The service on this computer does not start {cause}: see to that."


def test_where_no_service_is_installed_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NotServedError, match=r"pip install"):
        asyncio.run(LocalService(tmp_path).started())
