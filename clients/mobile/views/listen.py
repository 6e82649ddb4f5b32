"""View with the button: it records, and shows the answer or what went wrong."""

from __future__ import annotations

import asyncio

import flet as ft

from clients.history import Entry
from clients.mobile.microphone import Microphone
from clients.mobile.recording import RECORDING_S, SILENT_DB, Take
from clients.mobile.session import PhoneSession
from clients.mobile.views import look
from clients.mobile.views.look import Action
from clients.mobile.words import WAYS, MicrophoneError, PhoneProblem, PhoneWay, place, shared, sure
from clients.words import counted

LEAST_S = 1.0
"""A recording that is stopped before is not asked about."""

_ICONS: dict[PhoneWay, ft.IconData] = {
    "again": ft.Icons.REFRESH,
    "listen": ft.Icons.MIC,
    "settings": ft.Icons.SETTINGS_OUTLINED,
}
_BUTTON = 176
_RING = 224
_ABOVE = 120
"""Pixels above the button where nothing is below it yet."""


class ListenPage:
    """One big button, and what comes of it.

    Parameters
    ----------
    session : PhoneSession
        What is asked.
    microphone : Microphone
        What is recorded from.
    open_settings : callable
        Shows the settings.
    """

    name = "Listen"
    icon = ft.Icons.GRAPHIC_EQ

    def __init__(
        self, session: PhoneSession, microphone: Microphone, open_settings: Action
    ) -> None:
        self._session = session
        self._microphone = microphone
        self._open_settings = open_settings
        self._stopped: asyncio.Event | None = None
        self._symbol = ft.Icon(ft.Icons.MIC, size=64, color=ft.Colors.ON_PRIMARY)
        self._label = ft.Text("Listen", size=18, weight=ft.FontWeight.W_600)
        self._halo = ft.Container(
            width=_BUTTON,
            height=_BUTTON,
            border_radius=_RING,
            bgcolor=ft.Colors.with_opacity(0.16, ft.Colors.PRIMARY),
            scale=1.0,
            animate_scale=150,
        )
        self._ring = ft.ProgressRing(
            value=0, width=_RING, height=_RING, stroke_width=6, stroke_cap=ft.StrokeCap.ROUND
        )
        self._button = ft.FilledButton(
            ft.Column(
                [self._symbol, self._label],
                alignment=ft.MainAxisAlignment.CENTER,
                horizontal_alignment=ft.CrossAxisAlignment.CENTER,
                spacing=4,
                tight=True,
            ),
            width=_BUTTON,
            height=_BUTTON,
            style=ft.ButtonStyle(
                shape=ft.CircleBorder(), padding=0, elevation=6, shadow_color=ft.Colors.PRIMARY
            ),
            on_click=self._pressed,
        )
        self._status = look.quiet("", text_align=ft.TextAlign.CENTER)
        self._above = ft.Container(height=_ABOVE, animate_size=250)
        self._below = ft.Column(spacing=look.GAP)
        middle: list[ft.Control] = [self._halo, self._ring, self._button]
        self.control = look.column(
            self._above,
            ft.Stack(middle, height=_RING + 40, alignment=ft.Alignment.CENTER),
            ft.Row([self._status], alignment=ft.MainAxisAlignment.CENTER, wrap=True),
            self._below,
            scroll=ft.ScrollMode.AUTO,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        )

    async def listen(self) -> None:
        """Record, and have the session ask about it."""
        if self._stopped is not None:
            return
        recording, self._stopped = Take(), asyncio.Event()
        self._session.show_none()
        self._show_heard(recording)
        failed = None
        try:
            await self._microphone.record(
                recording, lambda: self._show_heard(recording), self._stopped
            )
        except MicrophoneError as error:
            failed = error
        finally:
            self._stopped = None
        if failed is not None:
            self._session.tell(failed)
        elif recording.so_far_s >= LEAST_S:
            await self._session.take(recording.wav())
        else:
            self._session.changed()

    def refresh(self) -> None:
        """Show what the session tells, unless a recording is made."""
        if self._stopped is not None:
            return
        session = self._session
        self._symbol.icon, self._label.value = ft.Icons.MIC, "Listen"
        self._halo.scale = 1.0
        self._ring.value = None if session.is_asking else 0
        self._status.value = self._told()
        self._below.controls = []
        if session.answer is not None:
            self._below.controls.append(self._answer(session.answer))
        if session.problem is not None:
            self._below.controls.append(self._problem(session.problem))
        self._above.height = look.GAP if self._below.controls else _ABOVE
        if session.note:
            self._below.controls.append(look.card(look.quiet(session.note)))

    def _told(self) -> str:
        session = self._session
        waiting = counted(session.n_waiting, "recording")
        if session.is_asking:
            return "Asking…" if session.n_waiting < 2 else f"Asking about {waiting}…"
        if session.n_waiting:
            return f"{waiting} kept, to be asked about as soon as the server answers"
        if session.answer is None and session.problem is None:
            return "Hold it near the music and press"
        return ""

    def _show_heard(self, recording: Take) -> None:
        left_s = max(0, round(RECORDING_S - recording.so_far_s))
        self._symbol.icon, self._label.value = ft.Icons.STOP, f"{left_s} s"
        is_heard = recording.so_far_s > 0
        self._status.value = (
            "Listening… press to stop and ask" if is_heard else "Waiting for the microphone…"
        )
        self._ring.value = min(1.0, recording.so_far_s / RECORDING_S)
        loudness = 1 - max(recording.level_db, SILENT_DB) / SILENT_DB
        self._halo.scale = 1.1 + 0.35 * loudness
        self._below.controls = []
        self._above.height = _ABOVE
        self.control.update()

    async def _pressed(self) -> None:
        if self._stopped is not None:
            self._stopped.set()
        elif not self._session.is_asking:
            await self.listen()

    def _answer(self, entry: Entry) -> ft.Control:
        if entry.song_name is None:
            return look.card(
                look.heading("No match"),
                look.quiet("None of the songs that the server knows was recognised."),
            )
        return look.card(
            look.heading(entry.song_name),
            look.quiet(f"{place(entry)} · {sure(entry)}", size=16),
            ft.ProgressBar(
                value=entry.confidence,
                bar_height=6,
                border_radius=3,
                semantics_label="Confidence",
            ),
            ft.Row(
                [
                    look.rounded("Share", ft.Icons.SHARE, lambda: self._share(entry), is_main=True),
                    look.rounded("Copy", ft.Icons.COPY, lambda: self._copy(entry)),
                ],
                wrap=True,
            ),
        )

    def _problem(self, problem: PhoneProblem) -> ft.Control:
        buttons = [
            look.rounded(WAYS[way], _ICONS[way], self._action(way), is_main=not number)
            for number, way in enumerate(problem.ways)
        ]
        words = ft.Text(problem.sentence, expand=True)
        return look.card(
            ft.Row(
                [ft.Icon(ft.Icons.ERROR_OUTLINE, color=ft.Colors.ERROR), words],
                vertical_alignment=ft.CrossAxisAlignment.START,
            ),
            ft.Row(list(buttons), wrap=True),
        )

    def _action(self, way: PhoneWay) -> Action:
        match way:
            case "again":
                return self._session.ask
            case "listen":
                return self.listen
            case "settings":
                return self._open_settings

    async def _share(self, entry: Entry) -> None:
        await share(self.control, entry)

    async def _copy(self, entry: Entry) -> None:
        await copy(self.control, entry)


async def share(control: ft.Control, entry: Entry) -> None:
    """Offer an answer to other apps, or copy it where that cannot be done."""
    try:
        found = await ft.Share().share_text(
            shared(entry), download_fallback_enabled=False, mail_to_fallback_enabled=False
        )
        is_offered = found.status is not ft.ShareResultStatus.UNAVAILABLE
    except Exception:  # a browser that shares nothing tells so in its own words
        is_offered = False
    if not is_offered:
        await copy(control, entry)


async def copy(control: ft.Control, entry: Entry) -> None:
    """Put an answer on the clipboard, and say so."""
    try:
        await ft.Clipboard().set(shared(entry))
        said = "Copied"
    except Exception:
        said = "This browser does not let the page copy: select the text instead"
    control.page.show_dialog(ft.SnackBar(ft.Text(said)))
