"""Preflight check: what is wrong with the settings is told before a server is started.

The message is one sentence and names the variable to change.
"""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from api.settings import PREFIX, Settings
from fpcore.errors import ConfigError
from fpcore.warmup import make_ready


def check(settings: Settings) -> None:
    """Try what the server will need: the profile, the index, its folders and its port.

    Raises
    ------
    FpError
        When one of them cannot be used.
    """
    with settings.open_library() as library:
        make_ready(library.profile)  # told here, and not done by every process of the server
    if settings.keep_audio is not None:
        _check_folder("keep_audio", settings.keep_audio, make=True)
    if settings.temp_folder is not None:
        _check_folder("temp_folder", settings.temp_folder, make=False)
    _check_port(settings.host, settings.port)


def _check_folder(name: str, folder: Path, *, make: bool) -> None:
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"{PREFIX}{name.upper()}: {folder}: {error.strerror}: name a folder that may be "
            "written to"
        ) from None


def _check_port(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        raise ConfigError(
            f"{PREFIX}HOST and {PREFIX}PORT: cannot serve at {host}:{port}: {error.strerror}: "
            "choose another port, or end what serves there"
        ) from None
