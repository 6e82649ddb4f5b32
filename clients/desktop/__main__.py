"""Command ``fpdesk``: a window that tells which song is playing."""

from __future__ import annotations

import argparse
import sys
from importlib import metadata
from pathlib import Path


def main() -> int:
    """Show the window until it is closed; return the exit code."""
    arguments = _parser().parse_args()
    try:
        import tkinter

        from clients.desktop.window import Window
    except ImportError as error:
        print(
            f"fpdesk: {error}: install Tk (Debian, Ubuntu: apt-get install python3-tk) and "
            'pip install "fpworkbench[desktop]"',
            file=sys.stderr,
        )
        return 2
    from clients.desktop.session import Session
    from clients.storage import data_folder

    session = Session(arguments.folder or data_folder("fpdesk"))
    if arguments.server is not None:
        session.change(address=arguments.server, is_local=False)
    try:
        window = Window(session)
    except tkinter.TclError as error:
        session.close()
        print(f"fpdesk: no window can be shown ({error}): start it on a desktop", file=sys.stderr)
        return 1
    if arguments.file is not None:
        window.open(arguments.file)
    window.mainloop()
    return 0


def _version() -> str:
    try:
        return metadata.version("fpworkbench")
    except metadata.PackageNotFoundError:
        return "not installed"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fpdesk", description="Record or open music, and see which song it is."
    )
    parser.add_argument("--version", action="version", version=f"fpdesk {_version()}")
    parser.add_argument("file", nargs="?", type=Path, help="a recording to recognise at once")
    parser.add_argument("--server", metavar="ADDRESS", help="such as http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, help="where settings, history and own songs lie")
    return parser


if __name__ == "__main__":
    sys.exit(main())
