"""File manager without a window: ``python dropping.py X Y FILE...`` drops files there, by XDND.

It is a program of its own that speaks XDND 5 through Xlib, as file managers do, and prints what
came of it: ``copy`` when the program below the place took the files, or ``refused``.
"""

from __future__ import annotations

import ctypes
import sys
import time
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_long, c_ubyte, c_ulong, c_void_p
from pathlib import Path

VERSION = 5
GIVE_UP_S = 60.0

CLIENT_MESSAGE, SELECTION_REQUEST, SELECTION_NOTIFY = 33, 30, 31


class Message(Structure):
    """An XClientMessageEvent of five numbers."""

    _fields_ = (
        ("kind", c_int), ("serial", c_ulong), ("sent", c_int), ("display", c_void_p),
        ("window", c_ulong), ("name", c_ulong), ("format", c_int), ("numbers", c_long * 5),
    )  # fmt: skip


class Request(Structure):
    """An XSelectionRequestEvent."""

    _fields_ = (
        ("kind", c_int), ("serial", c_ulong), ("sent", c_int), ("display", c_void_p),
        ("owner", c_ulong), ("requestor", c_ulong), ("selection", c_ulong), ("target", c_ulong),
        ("property", c_ulong), ("time", c_ulong),
    )  # fmt: skip


class Notice(Structure):
    """An XSelectionEvent."""

    _fields_ = (
        ("kind", c_int), ("serial", c_ulong), ("sent", c_int), ("display", c_void_p),
        ("requestor", c_ulong), ("selection", c_ulong), ("target", c_ulong),
        ("property", c_ulong), ("time", c_ulong),
    )  # fmt: skip


class Event(ctypes.Union):
    """An XEvent."""

    _fields_ = (
        ("kind", c_int), ("message", Message), ("request", Request), ("notice", Notice),
        ("room", c_long * 24),
    )  # fmt: skip


class FileManager:
    """A program that has files to drop."""

    def __init__(self, paths: list[Path]) -> None:
        self.uris = "".join(f"{path.as_uri()}\r\n" for path in paths).encode()
        self.x = ctypes.CDLL("libX11.so.6")
        self.x.XOpenDisplay.restype = c_void_p
        self.x.XInternAtom.restype = self.x.XCreateSimpleWindow.restype = c_ulong
        self.x.XDefaultRootWindow.restype = c_ulong
        self.display = c_void_p(self.x.XOpenDisplay(None))
        self.root = c_ulong(self.x.XDefaultRootWindow(self.display))
        self.window = self.x.XCreateSimpleWindow(self.display, self.root, 0, 0, 1, 1, 0, 0, 0)
        own = c_ulong(self.window)
        self.x.XSetSelectionOwner(self.display, self.atom("XdndSelection"), own, c_ulong(0))

    def atom(self, name: str) -> c_ulong:
        return c_ulong(self.x.XInternAtom(self.display, c_char_p(name.encode()), 0))

    def below(self, x: int, y: int) -> int:
        """Return the window at a place of the screen that says that it takes drops."""
        found = self.root.value
        while True:
            child, there = c_ulong(), (c_int(), c_int())
            self.x.XTranslateCoordinates(
                self.display, self.root, c_ulong(found), x, y, *map(byref, there), byref(child)
            )
            if not child.value:
                raise SystemExit("nothing there takes drops")
            found = child.value
            if self._is_aware(found):
                return found

    def _is_aware(self, window: int) -> bool:
        kind, size, n, left = c_ulong(), c_int(), c_ulong(), c_ulong()
        value = POINTER(c_ubyte)()
        self.x.XGetWindowProperty(
            self.display, c_ulong(window), self.atom("XdndAware"), c_long(0), c_long(1), 0,
            c_ulong(0), byref(kind), byref(size), byref(n), byref(left), byref(value),
        )  # fmt: skip
        return n.value > 0

    def tell(self, window: int, name: str, *numbers: int) -> None:
        event = Event()
        event.message = Message(
            CLIENT_MESSAGE, 0, 1, self.display, window, self.atom(name), 32,
            (c_long * 5)(self.window, *numbers),
        )  # fmt: skip
        self.x.XSendEvent(self.display, c_ulong(window), 0, c_long(0), byref(event))
        self.x.XFlush(self.display)

    def answer(self, name: str) -> list[int]:
        """Return the numbers of a message of that name; the files are told meanwhile."""
        deadline = time.monotonic() + GIVE_UP_S
        while time.monotonic() < deadline:
            if not self.x.XPending(self.display):
                time.sleep(0.005)
                continue
            event = Event()
            self.x.XNextEvent(self.display, byref(event))
            if event.kind == SELECTION_REQUEST:
                self._give(event.request)
            elif event.kind == CLIENT_MESSAGE and event.message.name == self.atom(name).value:
                return list(event.message.numbers)
        raise SystemExit(f"no {name} came")

    def _give(self, asked: Request) -> None:
        self.x.XChangeProperty(
            self.display, c_ulong(asked.requestor), c_ulong(asked.property),
            c_ulong(asked.target), 8, 0, c_char_p(self.uris), len(self.uris),
        )  # fmt: skip
        event = Event()
        event.notice = Notice(
            SELECTION_NOTIFY, 0, 1, self.display, asked.requestor, asked.selection, asked.target,
            asked.property, asked.time,
        )  # fmt: skip
        self.x.XSendEvent(self.display, c_ulong(asked.requestor), 0, c_long(0), byref(event))
        self.x.XFlush(self.display)

    def drop(self, x: int, y: int) -> str:
        """Drop the files at a place of the screen."""
        window, copy = self.below(x, y), self.atom("XdndActionCopy").value
        self.tell(window, "XdndEnter", VERSION << 24, self.atom("text/uri-list").value, 0, 0)
        self.tell(window, "XdndPosition", 0, x << 16 | y, 0, copy)
        if not self.answer("XdndStatus")[1] & 1:
            self.tell(window, "XdndLeave", 0, 0, 0, 0)
            return "refused"
        self.tell(window, "XdndDrop", 0, 0, 0, 0)
        _, _, action, *_ = self.answer("XdndFinished")
        return "copy" if action == copy else "refused"


if __name__ == "__main__":
    x, y, *files = sys.argv[1:]
    print(FileManager([Path(file) for file in files]).drop(int(x), int(y)))
