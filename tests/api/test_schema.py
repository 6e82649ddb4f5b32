"""Requests generated from the service's own documentation: it keeps every promise in it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.conftest import KEY
from tests.api.server import Server

OPERATIONS = [
    ("POST", "/learn"),
    ("POST", "/recognize"),
    ("POST", "/explain"),
    ("GET", "/songs"),
    ("DELETE", "/songs"),
    ("GET", "/songs/{song_id}"),
    ("PATCH", "/songs/{song_id}"),
    ("DELETE", "/songs/{song_id}"),
    ("GET", "/stats"),
    ("GET", "/profile"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]


@pytest.fixture(scope="session")
def schema(keyed_server: Server) -> Any:
    return schemathesis.openapi.from_url(f"{keyed_server.url}/openapi.json")


def test_every_documented_operation_is_tested(schema: Any) -> None:
    found = {(one.ok().method.upper(), one.ok().path) for one in schema.get_all_operations()}
    assert found == set(OPERATIONS)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_documented(
    method: str, path: str, mode: GenerationMode, schema: Any
) -> None:
    # Random bytes pass for a file in the documentation, never for audio in the service; and
    # removing everything takes a word that the documentation lets out.
    excluded = [positive_data_acceptance] if method != "GET" else []
    n_answers = 0

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        nonlocal n_answers
        response = case.call(headers={"X-API-Key": KEY})
        assert response.status_code < 500, response.text
        case.validate_response(response, excluded_checks=excluded)
        n_answers += 1

    try:
        check()
    except Unsatisfiable:
        # An operation without parameters has nothing to get wrong.
        assert mode is GenerationMode.NEGATIVE
        assert "parameters" not in schema[path][method].definition.raw
        return
    assert n_answers >= 1
