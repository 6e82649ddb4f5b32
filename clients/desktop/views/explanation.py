"""Explanation: the service's picture of how a recording was recognised, in a window of its own."""

from __future__ import annotations

import io
import tkinter as tk
from pathlib import Path
from tkinter import filedialog

import ttkbootstrap as ttk
from PIL import Image, ImageTk

from clients.desktop.jobs import Job
from clients.desktop.session import Session
from clients.desktop.widgets import look
from clients.desktop.widgets.problem_bar import ProblemBar
from clients.desktop.words import Way, problem
from clients.rest import GarbageAnswerError


class ExplanationWindow(ttk.Toplevel):
    """A window that asks for the picture, and shows it in any size.

    Parameters
    ----------
    parent : widget
        Over whose window it appears.
    session : Session
        Asks.
    source : bytes or Path
        The recording.
    name : str
        What the recording is called.
    """

    def __init__(self, parent: tk.Misc, session: Session, source: bytes | Path, name: str) -> None:
        super().__init__(
            f"Why? — {name}",
            master=parent.winfo_toplevel(),
            size=(1000, 760),
            minsize=(480, 360),
        )
        self.content = b""
        self._session = session
        self._source = source
        self._picture: Image.Image | None = None
        self._drawn: ImageTk.PhotoImage | None = None
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.problem_bar = ProblemBar(self, row=0, column=0, sticky="ew", padx=16, pady=(16, 0))
        self._shown = ttk.Label(self, anchor="center", font=look.font(self, "large"))
        self._shown.grid(row=1, column=0, sticky="nsew", padx=16, pady=16)
        self._shown.bind("<Configure>", lambda event: self._fit())
        row = ttk.Frame(self, padding=(16, 0, 16, 16))
        row.grid(row=2, column=0, sticky="ew")
        self.save_button = look.button(row, "Save the picture…", "download", self._save)
        self.save_button.pack(side="right")
        self.bind("<Escape>", lambda event: self.destroy())
        self._job: Job | None = None
        self._ask()

    def destroy(self) -> None:
        """Close it, and wait for nothing any more."""
        if self._job is not None:
            self._job.cancel()
        super().destroy()

    def _ask(self) -> None:
        self._shown.configure(text="The server draws how it came to its answer…")
        self.save_button.configure(state="disabled")
        filename = "recording.wav" if isinstance(self._source, bytes) else None
        self._job = self._session.ask(
            lambda client: client.explanation_picture(self._source, filename=filename),
            done=self._take,
            failed=self._failed,
        )

    def _take(self, content: bytes) -> None:
        try:
            picture = Image.open(io.BytesIO(content))
            picture.load()
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            told = f"the server's picture cannot be shown ({error}): ask for it again"
            self._failed(GarbageAnswerError(told))
            return
        self.content = content
        self._picture = picture.convert("RGB")
        self.save_button.configure(state="normal")
        self._fit()

    def _fit(self) -> None:
        if self._picture is None:
            return
        width = max(1, self._shown.winfo_width() - 4)
        height = max(1, self._shown.winfo_height() - 4)
        scale = min(width / self._picture.width, height / self._picture.height, 1.0)
        size = (
            max(1, round(scale * self._picture.width)),
            max(1, round(scale * self._picture.height)),
        )
        if self._drawn is not None and (self._drawn.width(), self._drawn.height()) == size:
            return
        self._drawn = ImageTk.PhotoImage(self._picture.resize(size), master=self)
        self._shown.configure(text="", image=self._drawn)

    def _failed(self, error: Exception) -> None:
        self._shown.configure(text="")
        told = problem(error)
        ways: tuple[Way, ...] = ("again",) if "again" in told.ways else ()
        self.problem_bar.show(type(told)(told.sentence, ways), lambda way: self._ask())

    def _save(self) -> None:
        chosen = filedialog.asksaveasfilename(
            parent=self, defaultextension=".png", filetypes=[("Picture", "*.png")]
        )
        if chosen:
            try:
                Path(chosen).write_bytes(self.content)
            except OSError as error:
                self._failed(error)
