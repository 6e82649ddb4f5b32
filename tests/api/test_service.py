"""What requests share: how it is warmed, checked and stopped, and how it starts in vain."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from api.service import Service
from api.settings import Settings
from api.uploads.pace import PaceLimits
from api.uploads.receive import UploadLimits
from fpcore.errors import ConfigError, StoreError
from fpcore.store import open_store
from tests.api.conftest import new_service
from tests.fpcore.store.material import in_sql


def test_warming_up_leaves_nothing_in_the_index_nor_in_the_folder(idle_service: Service) -> None:
    idle_service.warm()
    assert idle_service.store.n_songs() == 0
    assert list(idle_service.inbox.path.iterdir()) == []


def test_a_check_is_remembered_and_its_problems_are_logged(
    idle_service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    assert idle_service.check().report.ok
    assert caplog.records == []
    in_sql(idle_service.store.path, "INSERT INTO postings VALUES (9, x'01')")
    health = idle_service.check()
    assert idle_service.health is health
    [fields] = [vars(record)["fields"] for record in caplog.records]
    assert fields == {"problems": [*health.report.problems]}
    assert "song 9" in fields["problems"][0]


def test_a_first_check_that_fails_is_logged_and_the_service_goes_on(
    idle_service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    idle_service.store.close()
    with pytest.raises(StoreError):
        idle_service.check()
    with caplog.at_level(logging.WARNING):
        idle_service.first_check()
    assert "the index could not be checked" in caplog.text
    assert idle_service.health is None


def test_limits_of_uploads_are_those_of_the_settings(idle_service: Service) -> None:
    idle_service.settings = Settings(
        max_upload_mb=1.5, upload_timeout_s=3.0, upload_window_s=2.0, min_upload_bytes_per_s=100.0
    )
    pace = PaceLimits(window_s=2.0, bytes_per_s=100.0, total_s=3.0)
    assert idle_service.upload_limits == UploadLimits(1_500_000, pace)


def test_stopping_removes_what_is_left_of_uploads_and_closes_the_index(tmp_path: Path) -> None:
    service = new_service(tmp_path)
    (service.inbox.path / "upload").write_bytes(b"half of it")
    service.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["index.db"]


def test_a_service_without_its_folder_does_not_start_and_holds_no_index(tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    with pytest.raises(FileNotFoundError):
        Service.start(Settings(database=database, temp_folder=tmp_path / "missing"))
    assert not list(tmp_path.glob("index.db-*"))  # they are there while it is open
    with pytest.raises(ConfigError, match="cannot read profile 'nosuch'"):
        Service.start(Settings(database=tmp_path / "other.db", profile="nosuch"))
    assert not (tmp_path / "other.db").exists()
    open_store(database, None).close()
