"""What every request goes through: its id and its line in the log."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from tests.api.material import count, learn, song
from tests.api.server import Server


def test_the_log_is_json_lines_that_name_the_request(server: Server, client: httpx.Client) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": "a-client.s_id"})
    assert given.headers["x-request-id"] == "a-client.s_id"
    line = server.wait_for('.*"a-client.s_id".*')[0]
    record = json.loads(line)
    assert (record["path"], record["status"]) == ("/healthz", 200)


@pytest.mark.parametrize("given", ['x" injected', "", "two words", "x" * 65, "é"])
def test_an_id_that_could_mislead_the_log_is_replaced_by_a_new_one(
    given: str, client: httpx.Client
) -> None:
    headers = {b"X-Request-ID": given.encode()}
    ids = [client.get("/healthz", headers=headers).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)
    assert len(set(ids)) == 2


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/songs/0", 400), ("/docs", 200)])
def test_every_answer_names_its_request_and_is_a_line_of_the_log(
    path: str, status: int, server: Server, client: httpx.Client
) -> None:
    answer = client.get(path)
    request_id = answer.headers["x-request-id"]
    record = json.loads(server.wait_for(f'.*"message": "request".*"{request_id}".*')[0])
    assert (record["method"], record["path"], record["status"]) == ("GET", path, status)
    assert 0 <= record["duration_s"] < 60


def test_head_is_answered_wherever_get_is_without_a_body(client: httpx.Client) -> None:
    song_id = learn(client, song(1), "First").json()["song_id"]
    documented = client.get("/openapi.json").json()["paths"]
    paths = [path.format(song_id=song_id) for path, of in documented.items() if "get" in of]
    static = ["/", "/docs", "/openapi.json", "/songs/0", "/nothing"]
    assert len(paths) > 5
    for path in [*paths, *static]:
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"], path
        if path not in {"/metrics", "/healthz", "/stats"}:
            assert head.headers["content-length"] == str(len(got.content)), path


def test_head_where_there_is_no_get_is_refused_and_it_is_counted_by_its_own_name(
    client: httpx.Client,
) -> None:
    assert client.head("/learn").status_code == 405
    name = 'fpapi_requests_total{method="HEAD",route="/songs",status="200"}'
    before = count(client, name)
    client.head("/songs").raise_for_status()
    assert count(client, name) == before + 1
