"""Library: the songs of the server, searched, added, renamed and removed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from tkinter import filedialog

import ttkbootstrap as ttk

from clients.desktop import songs
from clients.desktop.jobs import Job
from clients.desktop.session import Session
from clients.desktop.songs import Learning, Removal, SongList, Step
from clients.desktop.views.recognise import SOUND_TYPES
from clients.desktop.views.view import View
from clients.desktop.widgets import dialogs, look
from clients.desktop.widgets.song_table import MOST_CHOSEN, SongTable, summary
from clients.desktop.words import Problem, Way, counted, problem, sentence
from clients.rest import Song, SongPage

TYPED_MS = 250
"""After so long without another key the songs are searched."""

_SOME_NAMES = 2


class LibraryView(View):
    """The songs of the server."""

    title, icon = "Library", "music-note-list"

    def __init__(self, parent: tk.Misc, session: Session, go: Callable[[Way], None]) -> None:
        super().__init__(parent, session, go)
        self._list = SongList()
        self._asked: set[int] = set()
        self._working: Job | None = None
        self._typed = ""
        self._told_choice = ""
        self.dialog: dialogs.Dialog | None = None
        self.search = tk.StringVar(self)
        self.rowconfigure(3, weight=1)
        self._head().grid(row=0, sticky="ew")
        self._tools().grid(row=2, sticky="ew", pady=(look.GAP, 0))
        card = ttk.Frame(self)
        card.grid(row=3, sticky="nsew", pady=(look.GAP, 0))
        self._empty = look.Empty(card, "music-note-list", "", "")
        self.table = SongTable(card, row=self._song_of, seen=self._seen)
        self.table.bind("<<SongChosen>>", lambda event: self._choice_changed())
        self.table.tree.bind("<Double-1>", lambda event: self.rename())
        self.table.tree.bind("<F2>", lambda event: self.rename())
        self.table.tree.bind("<Delete>", lambda event: self.remove())
        self._progress = self._progress_row()
        self.search.trace_add("write", lambda *changed: self._typing())

    def shown(self) -> None:
        """List the songs anew."""
        self.reload(keep=True)

    def reload(self, *, keep: bool = False) -> None:
        """Ask for the songs anew, for those in sight if ``keep``."""
        first = self.table.first if keep else 0
        self.table.forget_choice()  # other songs may stand there now
        self._list = SongList(self.search.get().strip())
        self._asked = set()
        self._want(first // songs.PAGE_SONGS, first)
        self._enable()

    @property
    def chosen(self) -> Song | None:
        """The song that is chosen, if it is only one."""
        songs = self.all_chosen
        return songs[0] if len(songs) == 1 else None

    @property
    def all_chosen(self) -> list[Song]:
        """The songs that are chosen; none while it is not known which all of them are."""
        found = [self._list.row(number) for number in sorted(self.table.chosen)]
        return [] if None in found else [song for song in found if song is not None]

    def _song_of(self, row: int) -> Song | None:
        return self._list.row(row)

    # What can be done

    def add_files(self) -> None:
        """Let files be chosen, and learn them."""
        chosen = filedialog.askopenfilenames(parent=self, title="Add", filetypes=SOUND_TYPES)
        self.add([Path(name) for name in chosen])

    def add_folder(self) -> None:
        """Let a folder be chosen, and learn what is in it."""
        chosen = filedialog.askdirectory(parent=self, title="Add a folder", mustexist=True)
        self.add([Path(chosen)] if chosen else [])

    def add(self, paths: Sequence[Path]) -> None:
        """Learn files and folders."""
        if self._working is not None:
            self.note.configure(text="Add more when these are done.")
            return
        if not paths:
            return
        self._begin(Step(0, 0, "Looking for files…"), "added until then stays")
        self._working = self._session.ask(
            lambda client: songs.learn(client, paths, self._steps),
            done=self._added,
            failed=lambda error: self._not_done(error, lambda: self.add(paths)),
        )
        self._enable()

    def cancel(self) -> None:
        """Learn no further files, or remove no further songs."""
        if self._working is not None:
            self._working.cancel()
            self._end()
            self.note.configure(text=f"Cancelled; what was {self._if_cancelled}.")

    def rename(self) -> None:
        """Ask for another name of the chosen song."""
        song = self.chosen
        if song is not None:
            self.dialog = dialogs.TextDialog(
                self,
                "Rename the song",
                "Answers have its new name from then on.",
                given=song.song_name,
                action="Rename",
                accepted=lambda name: self._renamed(song, name),
            )

    def remove(self) -> None:
        """Ask whether the chosen songs are to be removed."""
        chosen = self.all_chosen
        if len(chosen) == 1:
            self.dialog = dialogs.confirm(
                self,
                "Remove the song?",
                f"“{chosen[0].song_name}” will not be recognised any more. Its audio file stays.",
                action="Remove",
                accepted=lambda: self._removed(chosen[0]),
            )
        elif chosen and self._working is None:
            self.dialog = dialogs.confirm(
                self,
                f"Remove {counted(len(chosen), 'song')}?",
                f"{_named(chosen)} will not be recognised any more. Their audio files stay.",
                action="Remove",
                accepted=lambda: self._all_removed(chosen),
            )

    def _renamed(self, song: Song, name: str) -> None:
        self._change(
            lambda: self._session.ask(
                lambda client: client.rename(song.song_id, name),
                done=lambda changed: self._changed(f"It is called “{changed.song_name}” now."),
                failed=lambda error: self._failed(error, lambda: self._renamed(song, name)),
            )
        )

    def _removed(self, song: Song) -> None:
        self._change(
            lambda: self._session.ask(
                lambda client: client.remove(song.song_id),
                done=lambda gone: self._changed(f"“{gone.song_name}” was removed."),
                failed=lambda error: self._failed(error, lambda: self._removed(song)),
            )
        )

    def _all_removed(self, chosen: Sequence[Song]) -> None:
        if self._working is not None:
            return
        self._begin(Step(0, len(chosen), ""), "removed until then is gone")
        self._working = self._session.ask(
            lambda client: songs.remove(client, chosen, self._steps),
            done=self._gone,
            failed=lambda error: self._not_done(error, lambda: self._all_removed(chosen)),
        )
        self._enable()

    def _change(self, begin: Callable[[], object]) -> None:
        self.problem_bar.hide()
        begin()

    # What comes of it

    def _changed(self, note: str) -> None:
        self.note.configure(text=note)
        self.reload(keep=True)
        self.event_generate("<<ServerChanged>>")

    def _tell_step(self, step: Step) -> None:
        share = 100 * step.n_done / step.n_files if step.n_files else 0
        self.progress.configure(value=share)
        number = f"{min(step.n_done + 1, step.n_files):,} of {step.n_files:,}: "
        self.step.configure(text=(number if step.n_files else "") + step.name)

    def _added(self, became: Learning) -> None:
        self._end()
        refused = [(path.name, reason) for path, reason in became.refused]
        self._tell_refused("could not add", refused)
        self._changed(_told(became))

    def _gone(self, became: Removal) -> None:
        self._end()
        refused = [(song.song_name, reason) for song, reason in became.refused]
        self._tell_refused("could not remove", refused)
        self._changed(f"Removed {counted(became.n_removed, 'song')}.")

    def _tell_refused(self, what: str, refused: Sequence[tuple[str, str]]) -> None:
        if refused:
            name, reason = refused[0]
            more = len(refused) - 1
            others = f" and {counted(more, 'other')}" if more else ""
            told = f"{what} {name}{others}: {reason}"
            self.problem_bar.show(Problem(sentence(told)), lambda way: None)

    def _not_done(self, error: Exception, again: Callable[[], None]) -> None:
        self._end()
        self._failed(error, again)

    def _begin(self, step: Step, if_cancelled: str) -> None:
        """Show how far a job is that takes long."""
        self.problem_bar.hide()
        self._tell_step(step)
        self._progress.grid(row=4, sticky="ew", pady=(look.GAP, 0))
        self._shown_steps = Job()
        self._if_cancelled = if_cancelled

    def _steps(self, step: Step) -> None:
        """Show a step; called by any thread."""
        self._session.jobs.progress(self._shown_steps, self._tell_step, step)

    def _end(self) -> None:
        self._working = None
        self._shown_steps.cancel()
        self._progress.grid_remove()
        self._enable()
        self.reload(keep=True)

    def _failed(self, error: Exception, again: Callable[[], None]) -> None:
        told = problem(error)
        ways: tuple[Way, ...] = tuple(way for way in told.ways if way != "file")
        self.problem_bar.show(
            Problem(told.sentence, ways),
            lambda way: again() if way == "again" else self._go(way),
        )

    # The list

    def _typing(self) -> None:
        if self._typed:
            self.after_cancel(self._typed)
        self._typed = self.after(TYPED_MS, self.reload)

    def _seen(self, first: int, n_rows: int) -> None:
        if self._list.total is not None:
            for page in self._list.missing(first, n_rows):
                self._want(page)

    def _want(self, page: int, first: int | None = None) -> None:
        if page in self._asked:
            return
        self._asked.add(page)
        wanted = self._list
        self._session.ask(
            lambda client: wanted.ask(client, page),
            done=lambda got: self._take(wanted, *got, first=first),
            failed=lambda error: self._not_listed(wanted, page, error),
        )

    def _take(self, wanted: SongList, number: int, page: SongPage, *, first: int | None) -> None:
        if wanted is not self._list:
            return
        self._asked.discard(number)
        before = wanted.total
        wanted.take(number, page)
        total = page.total
        self.count.configure(text=summary(total, wanted.name))
        self._show_table(total > 0)
        if before != total:
            if before is not None:
                self.table.forget_choice()
            self.table.show(total, first=self.table.first if first is None else first)
        else:
            self.table.refresh()
        self._enable()

    def _not_listed(self, wanted: SongList, page: int, error: Exception) -> None:
        if wanted is self._list:
            self._asked.discard(page)
            self._failed(error, lambda: self.reload(keep=True))
            if wanted.total is None:
                self._show_table(False)
                self._empty.say("No songs to show", "The server cannot be asked for them.")

    def _show_table(self, is_there: bool) -> None:
        if is_there:
            self._empty.pack_forget()
            self.table.pack(fill="both", expand=True)
            return
        self.table.pack_forget()
        if self._list.name:
            self._empty.say("Nothing found", f"No song has “{self._list.name}” in its name.")
        else:
            self._empty.say("No songs yet", "Add or drop files and folders of music to recognise.")
        self._empty.pack(fill="both", expand=True)

    def _choice_changed(self) -> None:
        before, self._told_choice = self._told_choice, _choice(len(self.table.chosen))
        if self._told_choice or self.note.cget("text") == before:
            self.note.configure(text=self._told_choice)
        self._enable()

    def _enable(self) -> None:
        for number in sorted({row // songs.PAGE_SONGS for row in self.table.chosen}):
            for page in self._list.missing(number * songs.PAGE_SONGS, 1):
                self._want(page)
        chosen, is_free = self.all_chosen, self._working is None
        for button, is_possible in (
            (self.rename_button, len(chosen) == 1),
            (self.remove_button, len(chosen) == 1 or (chosen and is_free)),
            (self.files_button, is_free),
            (self.folder_button, is_free),
        ):
            button.configure(state="normal" if is_possible else "disabled")

    # Its parts

    def _head(self) -> ttk.Frame:
        head = ttk.Frame(self, bootstyle=look.GROUND)
        look.label(head, "Library", use="title", on=look.GROUND).pack(side="left")
        self.count = look.label(head, quiet=True, on=look.GROUND)
        self.count.pack(side="left", padx=(14, 0), pady=(9, 0))
        self.folder_button = look.button(head, "Add a folder…", "folder-plus", self.add_folder)
        self.folder_button.pack(side="right")
        self.files_button = look.button(head, "Add files…", "plus-lg", self.add_files, "primary")
        self.files_button.pack(side="right", padx=8)
        return head

    def _tools(self) -> ttk.Frame:
        row = ttk.Frame(self, bootstyle=look.GROUND)
        icon = look.label(row, quiet=True, on=look.GROUND)
        ttk.apply_icon(icon, "search", size=16)
        icon.pack(side="left", padx=(0, 8))
        self.search_entry = ttk.Entry(row, textvariable=self.search, width=32)
        self.search_entry.pack(side="left")
        self.note = look.label(row, quiet=True, on=look.GROUND)
        self.note.pack(side="left", padx=16)
        self.remove_button = look.button(row, "Remove…", "trash", self.remove)
        self.remove_button.pack(side="right")
        self.rename_button = look.button(row, "Rename…", "pencil", self.rename)
        self.rename_button.pack(side="right", padx=8)
        return row

    def _progress_row(self) -> ttk.Frame:
        row = look.card(self, padding=12)
        row.columnconfigure(0, weight=1)
        self.step = look.label(row)
        self.step.grid(row=0, column=0, sticky="w")
        self.progress = ttk.Progressbar(row, bootstyle="primary thin")
        self.progress.grid(row=1, column=0, sticky="ew", pady=(8, 0))
        self.cancel_button = look.button(row, "Cancel", "x-lg", self.cancel)
        self.cancel_button.grid(row=0, column=1, rowspan=2, padx=(16, 0))
        return row


def _choice(n_chosen: int) -> str:
    """Return how many songs are chosen, if there are several.

    >>> _choice(3), _choice(1)
    ('3 songs chosen.', '')
    """
    most = ", which is as many as can be" if n_chosen == MOST_CHOSEN else ""
    return f"{counted(n_chosen, 'song')} chosen{most}." if n_chosen > 1 else ""


def _named(chosen: Sequence[Song]) -> str:
    """Return some of the names of songs, and how many others there are."""
    names = [f"“{song.song_name}”" for song in chosen[:_SOME_NAMES]]
    more = len(chosen) - len(names)
    return ", ".join(names) + f" and {counted(more, 'other')}" if more else " and ".join(names)


def _told(became: Learning) -> str:
    """Return what became of files.

    >>> _told(Learning(2, 1))
    'Added 2 songs; 1 was known.'
    """
    known = f"; {became.n_known} {'was' if became.n_known == 1 else 'were'} known"
    return f"Added {counted(became.n_learned, 'song')}{known if became.n_known else ''}."
