"""Files of the page: fitted to its path, with our recorder, under a policy that holds all in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re

import httpx

from clients.mobile import files
from clients.mobile.files import Files


def got(path: str, root: str = "/app") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Files("A <title>"), root_path=root)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get(root + path)

    return asyncio.run(ask())


def test_the_page_is_fitted_to_its_path_and_may_run_its_own_scripts_alone() -> None:
    page = got("/")
    assert page.headers["content-type"].startswith("text/html")
    assert '<base href="/app/">' in page.text
    assert 'flet.webSocketEndpoint="/app/ws"' in page.text
    assert "flet.noCdn=true" in page.text
    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert len(scripts) > 2
    policy = page.headers["content-security-policy"]
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe-inline" not in re.findall(r"script-src ([^;]*);", policy)[0]
    assert "://" not in policy
    assert '<base href="/">' in got("/", root="").text


def test_flets_files_are_there_and_the_recorder_is_ours() -> None:
    assert got("/main.dart.js").status_code == 200
    recorder = got("/assets/packages/record_web/assets/js/record.worklet.js")
    assert recorder.content == files._OWN[files._RECORDER].read_bytes()
    assert recorder.headers["content-type"].startswith(
        ("text/javascript", "application/javascript")
    )
    fonts = json.loads(got("/assets/FontManifest.json").text)
    assert "Roboto" in [one["family"] for one in fonts]


def test_the_place_of_the_recorder_is_flets() -> None:
    """Were it moved, Flet's own would be taken."""
    assert (files.WEB / files._RECORDER).is_file()
    asked = "assets/packages/record_web/assets/js/record.worklet.js"
    assert asked.encode() in (files.WEB / "main.dart.js").read_bytes()


def test_what_is_not_there_is_not_found() -> None:
    assert got("/nothing").status_code == 404
    assert got("/../files.py").status_code == 404
