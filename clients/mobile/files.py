"""Files of the page: Flet's, none of which comes from another server.

Flet fits three of them to the path that the page has. Its page looks for a script for animations on
a public server; nothing here is animated so, and the policy that goes with each answer keeps the
browser from asking any other server for anything. The recorder is our own: see
``static/record.worklet.js``.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import shutil
import tempfile
from pathlib import Path

import flet_web
from flet_web.patch_index import (
    patch_font_manifest_json,
    patch_index_html,
    patch_manifest_json,
)
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

WEB = Path(flet_web.__file__).parent / "web"
INDEX = "index.html"
_MANIFEST = "manifest.json"
_FONTS = "assets/FontManifest.json"

_RECORDER = "assets/packages/record_web/assets/js/record.worklet.js"
_OWN = {_RECORDER: Path(__file__).parent / "static" / "record.worklet.js"}
"""Files in the place of Flet's."""

SOCKET = "ws"
"""Path of the WebSocket below that of the page."""

_POLICY = (
    "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval' {scripts}; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; font-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)


class Files:
    """An ASGI application that answers with the files.

    Parameters
    ----------
    title : str
        What the page is called.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._static = StaticFiles(directory=WEB)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file."""
        root = scope.get("root_path", "").rstrip("/")
        path = scope["path"].removeprefix(root).lstrip("/") or INDEX
        fitted = _fitted(root, self._title)
        answer: Response
        if path in fitted:
            answer = Response(fitted[path], media_type=_media_type(path))
        elif path in _OWN:
            answer = FileResponse(_OWN[path])
        else:
            answer = await self._found(path, scope)
        for name, text in _headers(fitted[INDEX]).items():
            answer.headers[name] = text
        await answer(scope, receive, send)

    async def _found(self, path: str, scope: Scope) -> Response:
        try:
            return await self._static.get_response(path, scope)
        except HTTPException as error:
            return PlainTextResponse(error.detail, error.status_code)


def _media_type(path: str) -> str:
    return "text/html" if path == INDEX else "application/json"


@functools.cache
def _headers(index: bytes) -> dict[str, str]:
    """Return the headers of every answer; of scripts in the page its own may run alone."""
    scripts = re.findall(rb"<script>(.*?)</script>", index, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(one).digest()).decode() for one in scripts)
    return {
        "Content-Security-Policy": _POLICY.format(
            scripts=" ".join(f"'sha256-{digest}'" for digest in digests)
        ),
        "Cache-Control": "no-cache",  # kept, and asked about: a new version is taken at once
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    }


@functools.lru_cache(maxsize=8)
def _fitted(root: str, title: str) -> dict[str, bytes]:
    """Return the files that Flet fits to a path, by their own."""
    with tempfile.TemporaryDirectory() as folder:
        copies = {name: Path(folder, name) for name in (INDEX, _MANIFEST, _FONTS)}
        for name, copy in copies.items():
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(WEB / name, copy)
        patch_index_html(
            str(copies[INDEX]),
            base_href=root,
            websocket_endpoint_path=f"{root}/{SOCKET}",
            app_name=title,
            app_description=title,
            no_cdn=True,
        )
        patch_manifest_json(str(copies[_MANIFEST]), app_name=title)
        patch_font_manifest_json(str(copies[_FONTS]))
        return {name: copy.read_bytes() for name, copy in copies.items()}
