"""Sound while it is heard: a level meter and a spectrogram that moves."""

from __future__ import annotations

import tkinter as tk

import numpy as np
import ttkbootstrap as ttk

from clients.desktop.recorder import Heard
from clients.desktop.spectrum import FLOOR_DB, N_BANDS, palette, ppm

_COLOURS = palette("#0b1220", "#143a6b", "#1d7f9c", "#57c785", "#f4e285", "#ffffff")
GROUND = "#0b1220"
_METER_STEPS = ((-60.0, "#2fa37c"), (-12.0, "#e0a12b"), (-3.0, "#e05555"))
_COLUMN_PX = 4
_MOST_COLUMNS = 1000
"""More than fit on any screen."""

_FALL_DB = 2.5
"""How far the meter falls from one picture to the next."""


class MovingSpectrogram(tk.Canvas):
    """The last seconds of what is heard, the newest at the right edge; dark in both themes."""

    def __init__(self, parent: tk.Misc, height: int) -> None:
        super().__init__(parent, height=height, bg=GROUND, highlightthickness=0, bd=0)
        self._columns: list[np.ndarray[tuple[int, int], np.dtype[np.uint8]]] = []
        self._picture: tk.PhotoImage | None = None
        self._is_due = False
        self._item = self.create_image(0, 0, anchor="nw")
        self._hint = self.create_text(0, 0, fill="#7f93ad", justify="center")
        self.bind("<Configure>", lambda event: self._drawn())

    @property
    def n_columns(self) -> int:
        """How many columns there are to see."""
        return sum(map(len, self._columns))

    def clear(self, hint: str = "") -> None:
        """Show nothing but a hint."""
        self._columns = []
        self.itemconfigure(self._hint, text=hint)
        self._drawn()

    def add(self, heard: Heard) -> None:
        """Show what was heard."""
        self.itemconfigure(self._hint, text="")
        self._columns.append(heard.columns)
        if not self._is_due:  # what comes at once is drawn at once
            self._is_due = True
            self.after_idle(self._drawn)

    def _drawn(self) -> None:
        self._is_due = False
        width, height = max(1, self.winfo_width()), max(1, self.winfo_height())
        self.coords(self._hint, width / 2, height / 2)
        columns = (
            np.concatenate(self._columns) if self._columns else np.zeros((0, N_BANDS), np.uint8)
        )
        self._columns = [columns[-_MOST_COLUMNS:]]
        content = ppm(columns, _COLOURS, width=width, height=height, step=_COLUMN_PX)
        self._picture = tk.PhotoImage(master=self, data=content, format="PPM")
        self.itemconfigure(self._item, image=self._picture)


class LevelMeter(tk.Canvas):
    """How loud it is: a bar from `FLOOR_DB` to 0, which falls slowly, and the peak of late."""

    def __init__(self, parent: tk.Misc, width: int = 14) -> None:
        super().__init__(parent, width=width, height=1, bg=GROUND, highlightthickness=0, bd=0)
        self.level_db = FLOOR_DB
        self._bars = [
            self.create_rectangle(0, 0, 0, 0, fill=colour, width=0) for _, colour in _METER_STEPS
        ]
        self.bind("<Configure>", lambda event: self._drawn())

    def show(self, level_db: float) -> None:
        """Show a level, or how the one of before falls."""
        self.level_db = max(level_db, self.level_db - _FALL_DB, FLOOR_DB)
        self._drawn()

    def clear(self) -> None:
        """Show silence."""
        self.level_db = FLOOR_DB
        self._drawn()

    def _drawn(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        ends = [step for step, _ in _METER_STEPS[1:]] + [0.0]
        for bar, (begin_db, _), end_db in zip(self._bars, _METER_STEPS, ends, strict=True):
            top = min(self.level_db, end_db)
            shown = top > begin_db
            self.itemconfigure(bar, state="normal" if shown else "hidden")
            if shown:
                self.coords(bar, 3, self._y(top, height), width - 3, self._y(begin_db, height))

    @staticmethod
    def _y(level_db: float, height: int) -> float:
        return 3 + (height - 6) * level_db / FLOOR_DB


class Sound(ttk.Frame):
    """Both side by side, without a gap."""

    def __init__(self, parent: tk.Misc, height: int = 170) -> None:
        super().__init__(parent)
        self.meter = LevelMeter(self)
        self.meter.pack(side="right", fill="y")
        self.spectrogram = MovingSpectrogram(self, height)
        self.spectrogram.pack(side="left", fill="both", expand=True)

    def add(self, heard: Heard) -> None:
        """Show what was heard."""
        self.spectrogram.add(heard)
        self.meter.show(heard.level_db)

    def clear(self, hint: str = "") -> None:
        """Show nothing but a hint."""
        self.spectrogram.clear(hint)
        self.meter.clear()
