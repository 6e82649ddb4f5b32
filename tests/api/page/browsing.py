"""A real Chromium for tests: found, launched with a microphone that plays a file, and watched."""

from __future__ import annotations

import base64
import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Locator,
    Page,
    Playwright,
    expect,
)

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_MS = 30_000
expect.set_options(timeout=TIMEOUT_MS)

MICROPHONE_ALLOWED = ("--use-fake-ui-for-media-stream",)
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
)

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


def find_browser(playwright: Playwright) -> str | None:
    """Return an installed Chromium, or Playwright's own, or None."""
    for name in PROGRAMS:
        program = shutil.which(name)
        if program is not None:
            return program
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


class Microphone:
    """What the browser's microphone hears: a file that is read anew whenever it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.play(np.zeros(48_000, np.float32), 48_000)

    def play(self, samples: NDArray[Any], rate_hz: int) -> None:
        soundfile.write(self.path, samples, rate_hz, subtype="PCM_16")


@contextlib.contextmanager
def launch(
    playwright: Playwright, program: str, microphone: Microphone, more: Sequence[str] = ()
) -> Iterator[Browser]:
    """Run a browser in a profile folder of its own."""
    plays = f"--use-file-for-fake-audio-capture={microphone.path}%noloop"
    browser = playwright.chromium.launch(executable_path=program, args=[*_FLAGS, plays, *more])
    try:
        yield browser
    finally:
        browser.close()


class Opener:
    """Opens the page of a server, and remembers what the pages asked for and complained about."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.url = url
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def __call__(self, *, script: str | None = None, wait: bool = True, **context: Any) -> Page:
        """Open the page; ``script`` runs in it before its own."""
        opened = self._browser.new_context(**(context or DESKTOP))
        self._contexts.append(opened)
        opened.set_default_timeout(TIMEOUT_MS)
        if script is not None:
            opened.add_init_script(script)
        page = opened.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in {"error", "warning"}
                else None
            ),
        )
        page.goto(self.url)
        if wait:
            page.locator("html[data-ready]").wait_for(state="attached")
        return page

    def asked(self, path: str) -> list[str]:
        """Return the requests to a path of the server."""
        return [url for url in self.requests if url.startswith(f"{self.url}/{path}")]

    def close(self) -> None:
        for context in self._contexts:
            for page in context.pages:
                # Otherwise the server still works on what the page has asked.
                expect(page.locator("#progress")).to_be_hidden()
            context.close()
        foreign = [
            url for url in self.requests if not url.startswith((f"{self.url}/", "blob:", "data:"))
        ]
        assert foreign == []
        assert [text for text in self.complaints if text.startswith("uncaught")] == []


def audio(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "audio/wav", "buffer": content}


def drop(target: Locator, name: str, content: bytes) -> None:
    """Drop a file onto an element, as the browser would tell the page of it."""
    target.evaluate(
        """(element, [name, content]) => {
            const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name, { type: "audio/wav" }));
            for (const kind of ["dragenter", "dragover", "drop"]) {
                const options = { bubbles: true, cancelable: true, dataTransfer };
                element.dispatchEvent(new DragEvent(kind, options));
            }
        }""",
        [name, base64.b64encode(content).decode()],
    )


def saved(page: Page) -> tuple[str, bytes]:
    """Return the name and the content of the recording that the page lets one save."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the recording").click()
    return download.value.suggested_filename, download.value.path().read_bytes()
