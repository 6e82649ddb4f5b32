"""Lines of the log are JSON, whoever wrote them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from api.operations.log import JsonLines, current_request_id
from tests.api.material import assert_refused, excerpt
from tests.api.server import ROOT, Server


def _line(message: str, *arguments: object, **more: Any) -> str:
    record = logging.LogRecord("api.x", logging.INFO, "x.py", 1, message, arguments, None)
    record.__dict__.update(more)
    return JsonLines().format(record)


def test_a_record_is_one_line_whatever_a_client_sent() -> None:
    line = _line("refused: %s", 'two\nlines, "quoted"')
    assert "\n" not in line
    assert json.loads(line)["message"] == 'refused: two\nlines, "quoted"'


def test_fields_stand_beside_the_message_and_what_json_lacks_is_written_as_text() -> None:
    told = json.loads(_line("request", fields={"status": 200, "folder": Path("/srv")}))
    assert (told["level"], told["logger"]) == ("info", "api.x")
    assert (told["status"], told["folder"]) == (200, "/srv")
    assert told["time"].endswith("+00:00")


def test_a_line_names_the_request_that_is_being_answered() -> None:
    assert json.loads(_line("outside"))["request_id"] == "-"
    token = current_request_id.set("abc")
    try:
        assert json.loads(_line("inside"))["request_id"] == "abc"
    finally:
        current_request_id.reset(token)


def test_a_traceback_is_a_field_of_the_line() -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        line = _line("failed", exc_info=sys.exc_info())
    assert "\n" not in line
    assert "ZeroDivisionError" in json.loads(line)["traceback"]


def test_libraries_log_warnings_only_and_pythons_own_warnings_are_lines_too() -> None:
    program = """
import logging, warnings
from api.operations import log
logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler())
log.configure("debug")
logging.getLogger("api.x").debug("ours")
logging.getLogger("library").info("theirs, in passing")
logging.getLogger("library").warning("theirs, in earnest")
logging.getLogger("uvicorn.error").info("the server's")
logging.getLogger("uvicorn.access").info("each request")
warnings.warn("mind this")
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = [json.loads(line) for line in run.stderr.splitlines()]
    assert [one["logger"] for one in told] == ["api.x", "library", "uvicorn.error", "py.warnings"]
    assert [one["message"] for one in told[:3]] == ["ours", "theirs, in earnest", "the server's"]
    assert "mind this" in told[3]["message"]


def test_what_libraries_say_of_a_request_is_a_json_line(
    server: Server, client: httpx.Client
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "X-Request-ID": "not-a-form"}
    answer = client.post("/recognize", content=excerpt(1), headers=headers)
    assert_refused(answer, 400, "malformed_form")
    server.wait_for('.*"message": "request".*"not-a-form".*')
    records = [json.loads(line) for line in server.lines]
    assert "python_multipart.multipart" in {record["logger"] for record in records}
