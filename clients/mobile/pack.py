"""Pack: a folder that ``flet build`` makes packages for phones of.

``python -m clients.mobile.pack FOLDER`` writes it: the modules that the app needs, without those
of the page and of the other clients, and what Flet has to know of them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

CLIENTS = Path(__file__).resolve().parents[1]

LEFT_OUT = (
    "__main__.py",
    "__pycache__",
    "desktop",
    "files.py",
    "pack.py",
    "static",
    "visitors.py",
    "web.py",
)

MAIN = '''"""The app: `flet build` starts here."""

from clients.mobile.device import main

main()
'''

PROJECT = """[project]
name = "fpmobile"
version = "0.1.0"
description = "Record music, and see which song it is"
requires-python = ">=3.11"
dependencies = ["flet>=1.0.5", "flet-audio-recorder>=1.0.5", "httpx>=0.28", "anyio>=4.8"]

[tool.flet]
org = "org.fpworkbench"
product = "Which song?"

[tool.flet.android.permission]
"android.permission.INTERNET" = true
"android.permission.RECORD_AUDIO" = true

[tool.flet.ios.info]
NSMicrophoneUsageDescription = "To hear which song is playing."
NSLocalNetworkUsageDescription = "To ask the server that you chose."
"""


def pack(folder: Path) -> None:
    """Write the folder; raises FileExistsError when something is there."""
    folder.mkdir(parents=True)
    (folder / "main.py").write_text(MAIN)
    (folder / "pyproject.toml").write_text(PROJECT)
    ignored = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(CLIENTS, folder / "clients", ignore=ignored)


def main() -> int:
    """Write the folder that is named; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m clients.mobile.pack", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    try:
        pack(folder)
    except FileExistsError:
        print(f"{folder} is there already: name another folder", file=sys.stderr)
        return 1
    print(f"Packed: cd {folder} && flet build apk")
    return 0


if __name__ == "__main__":
    sys.exit(main())
