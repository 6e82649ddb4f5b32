"""Recognise: record or open something, and see which song it is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from tkinter import filedialog

import ttkbootstrap as ttk

from clients.desktop import sources
from clients.desktop.history import Entry
from clients.desktop.jobs import Job
from clients.desktop.preferences import RECORDING_S
from clients.desktop.recorder import Heard, record
from clients.desktop.session import Session
from clients.desktop.sources import SoundSource
from clients.desktop.views.explanation import ExplanationWindow
from clients.desktop.views.view import View
from clients.desktop.widgets import look
from clients.desktop.widgets.answer import AnswerCard
from clients.desktop.widgets.sound import Sound
from clients.desktop.words import Problem, Way, clock, problem
from clients.rest import Recognition

SOUND_TYPES = [
    ("Sound", "*.wav *.flac *.mp3 *.m4a *.aac *.ogg *.oga *.opus *.webm *.mp4 *.aif *.aiff *.wma"),
    ("All files", "*"),
]
HINT = "What is heard appears here"
KEYS = "Ctrl+R listens, Ctrl+O opens a file, Esc cancels"


class RecogniseView(View):
    """The first view."""

    title, icon = "Recognise", "soundwave"

    def __init__(self, parent: tk.Misc, session: Session, go: Callable[[Way], None]) -> None:
        super().__init__(parent, session, go)
        self._job: Job | None = None
        self._again: Callable[[], None] = self.listen
        self._asked: tuple[bytes | Path, str] | None = None
        self.source_of: Callable[[sources.Input], SoundSource] = lambda chosen: chosen
        self._inputs = [sources.MICROPHONE]
        self.rowconfigure(4, weight=1)
        self._head().grid(row=0, sticky="ew")
        self._controls().grid(row=2, sticky="ew", pady=look.GAP)
        self._stage().grid(row=3, sticky="ew")
        self.answer = AnswerCard(self, explain=self.explain)
        self.answer.grid(row=4, sticky="nsew", pady=(look.GAP, 0))
        self.sound.clear(HINT)
        self.status.configure(text=KEYS)

    def shown(self) -> None:
        """List the inputs of this computer, which come and go."""

        async def listed() -> list[sources.Input]:
            import asyncio

            return await asyncio.to_thread(sources.inputs)

        self._session.jobs.start(listed(), done=self._take_inputs, failed=lambda error: None)

    # What can be done

    @property
    def is_busy(self) -> bool:
        """Whether it records or waits for an answer."""
        return self._job is not None

    def _pressed(self) -> None:
        """Do what the first button says: Tk keeps each command that a button ever had."""
        (self.cancel if self.is_busy else self.listen)()

    def listen(self) -> None:
        """Record, and ask which song it is."""
        self._begin(self.listen)
        duration_s = self.duration.get()
        source = self.source_of(self._chosen_input())
        self.sound.clear()
        self._say(f"Listening to {source.name}…", of_s=duration_s)
        self._job = record(
            source,
            duration_s,
            jobs=self._session.jobs,
            heard=lambda heard: self._heard(heard, duration_s),
            done=lambda content: self._ask(content, source.name),
            failed=self._failed,
        )

    def open(self) -> None:
        """Let a file be chosen, and ask which song it is."""
        chosen = filedialog.askopenfilename(parent=self, title="Recognise", filetypes=SOUND_TYPES)
        if chosen:
            self.ask_file(Path(chosen))

    def ask_files(self, paths: Sequence[Path]) -> None:
        """Ask which song a file is, if it is only one."""
        if len(paths) == 1 and not paths[0].is_dir():
            self.ask_file(paths[0])
            return
        told = "Only one recording is recognised at a time: drop one here, or songs on the library."
        self.problem_bar.show(Problem(told), self._on_way)

    def ask_file(self, path: Path) -> None:
        """Ask which song a file is."""
        self._begin(lambda: self.ask_file(path))
        self.sound.clear(path.name)
        self._ask(path, path.name)

    def cancel(self) -> None:
        """Stop to record or to wait."""
        if self._job is not None:
            self._job.cancel()
            self._end("Cancelled")
            self.sound.clear(HINT)

    def explain(self) -> None:
        """Show the picture of how the last recording was recognised, or why it was not."""
        if self._asked is not None:
            source, name = self._asked
            ExplanationWindow(self, self._session, source, name)

    # What comes of it

    def _begin(self, again: Callable[[], None]) -> None:
        self.cancel()
        self.problem_bar.hide()
        self._again = again
        self.answer.clear()
        self.main.configure(text="Cancel", bootstyle="danger")
        ttk.apply_icon(self.main, "stop-fill", size=20)

    def _heard(self, heard: Heard, duration_s: float) -> None:
        self.sound.add(heard)
        self.progress.configure(value=100 * heard.so_far_s / duration_s)
        self.time.configure(text=f"{clock(heard.so_far_s)} of {clock(duration_s)}")

    def _ask(self, source: bytes | Path, name: str) -> None:
        self._asked = (source, name)
        self._again = lambda: self._ask_again(source, name)
        self.sound.meter.clear()
        self.time.configure(text="")
        self._say(f"Asking {self._session.server_name}…")
        filename = "recording.wav" if isinstance(source, bytes) else None
        self._job = self._session.ask(
            lambda client: client.recognize(source, filename=filename),
            done=lambda found: self._answered(found, name),
            failed=self._failed,
        )

    def _ask_again(self, source: bytes | Path, name: str) -> None:
        again = self._again
        self._begin(again)
        self._ask(source, name)

    def _answered(self, found: Recognition, name: str) -> None:
        self._end(f"Asked about {name}")
        self.answer.show(found)
        try:
            self._session.history.add(Entry.of(found, name))
        except OSError as error:
            self.status.configure(text=f"The history cannot be kept ({error.strerror}).")
        self.event_generate("<<Answered>>")

    def _failed(self, error: Exception) -> None:
        self._end(KEYS)
        self.sound.clear(HINT)
        self.problem_bar.show(problem(error), self._on_way)

    def _on_way(self, way: Way) -> None:
        if way == "again":
            self._again()
        elif way == "file":
            self.open()
        else:
            self._go(way)

    def _say(self, text: str, of_s: float | None = None) -> None:
        self.status.configure(text=text)
        self.progress.stop()
        if of_s is None:
            self.progress.configure(mode="indeterminate")
            self.progress.start(50)
        else:
            self.progress.configure(mode="determinate", value=0)

    def _end(self, text: str) -> None:
        self._job = None
        self.status.configure(text=text)
        self.time.configure(text="")
        self.progress.stop()
        self.progress.configure(mode="determinate", value=0)
        self.sound.meter.clear()
        self.main.configure(text="Listen", bootstyle="primary")
        ttk.apply_icon(self.main, "mic-fill", size=20)

    # Its parts

    def _head(self) -> ttk.Frame:
        head = ttk.Frame(self, bootstyle=look.GROUND)
        look.label(head, "What is playing?", use="title", on=look.GROUND).pack(anchor="w")
        told = "Record a few seconds, or open a recording: the song and the place in it are told."
        look.label(head, told, quiet=True, on=look.GROUND).pack(anchor="w", pady=(2, 0))
        return head

    def _controls(self) -> ttk.Frame:
        card = look.card(self)
        self.main = ttk.Button(
            card,
            text="Listen",
            width=9,
            padding=(14, 11),
            command=self._pressed,
            bootstyle="primary",
        )
        ttk.apply_icon(self.main, "mic-fill", size=20)
        self.main.pack(side="left")
        self.open_button = look.button(
            card, "Open a file…", "folder2-open", self.open, "secondary outline"
        )
        self.open_button.pack(side="right")
        self.duration = tk.IntVar(self, self._session.preferences.recording_s)
        row = ttk.Frame(card)
        row.pack(side="left", padx=(look.GAP, 0))
        for seconds in RECORDING_S:
            ttk.Radiobutton(
                row,
                text=f"{seconds} s",
                value=seconds,
                variable=self.duration,
                bootstyle="outline toolbutton",
                command=lambda: self._session.change(recording_s=self.duration.get()),
            ).pack(side="left", padx=1)
        look.label(row, "from", quiet=True).pack(side="left", padx=(look.GAP, 8))
        self.source = ttk.Combobox(row, state="readonly", width=18, values=["Microphone"])
        self.source.set("Microphone")
        self.source.bind("<<ComboboxSelected>>", lambda event: self._source_chosen())
        self.source.pack(side="left")
        return card

    def _stage(self) -> ttk.Frame:
        card = look.card(self, padding=1)
        self.sound = Sound(card)
        self.sound.pack(fill="both", expand=True)
        self.progress = ttk.Progressbar(card, bootstyle="primary thin")
        self.progress.pack(fill="x")
        row = ttk.Frame(card, padding=(look.GAP, 8))
        row.pack(fill="x")
        self.status = look.label(row, quiet=True)
        self.status.pack(side="left")
        self.time = look.label(row, quiet=True)
        self.time.pack(side="right")
        return card

    def _take_inputs(self, found: list[sources.Input]) -> None:
        self._inputs = found
        names = [one.name for one in found]
        self.source.configure(values=names)
        wanted = self._session.preferences.source
        self.source.set(wanted if wanted in names else names[0])

    def _chosen_input(self) -> sources.Input:
        name = self.source.get()
        return next((one for one in self._inputs if one.name == name), sources.MICROPHONE)

    def _source_chosen(self) -> None:
        self.source.selection_clear()
        self._session.change(source=self.source.get())
