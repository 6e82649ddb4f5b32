"""A phone: the mobile client's page in a real browser, used as a screen reader uses it.

Flutter draws on a canvas. What it shows can be read and pressed in the elements that it makes for
screen readers, once these are asked for.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect

from tests.api.server import ROOT

TIMEOUT_MS = 120_000
SMALL = {"width": 360, "height": 740}


class OwnPage:
    """The command ``fpmobile``, in a process of its own."""

    def __init__(self, folder: Path, server: str) -> None:
        command = [sys.executable, "-m", "clients.mobile", "--port", "0", "--server", server]
        self._process = subprocess.Popen(
            [*command, "--folder", str(folder)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        told = self._process.stdout.readline().split()
        if not told:
            self.stop()
        assert told, "it did not start"
        self.url = told[1]

    def stop(self) -> None:
        """End it, as with Ctrl-C or by the system."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Phone:
    """A page at the size of a phone."""

    def __init__(self, browser: Browser, url: str, **context: object) -> None:
        options: dict[str, object] = {"viewport": SMALL, "is_mobile": True, "has_touch": True}
        self._context: BrowserContext = browser.new_context(**{**options, **context})  # type: ignore[arg-type]
        self._context.set_default_timeout(TIMEOUT_MS)
        self.requests: list[str] = []
        self.blocked: list[str] = []
        self.page: Page = self._context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._failed)
        self.open(url)

    def open(self, url: str) -> None:
        """Open the page, and ask for what screen readers get."""
        self.url = url
        self.page.goto(url)
        self.page.locator("flt-semantics-placeholder").dispatch_event("click")
        self.button("Listen").wait_for()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name).first

    def press(self, name: str) -> None:
        self.button(name).dispatch_event("click")

    def show(self, name: str) -> None:
        """Show another of the views."""
        self.page.get_by_role("tab", name=name).first.dispatch_event("click")

    def sees(self, text: str) -> None:
        """Wait until a text is shown."""
        expect(self.page.locator("flt-semantics-host")).to_contain_text(text, timeout=TIMEOUT_MS)

    def foreign(self) -> list[str]:
        """Return what was asked of other servers, and not kept from that by the page's policy."""
        own = (self.url, "blob:", "data:")
        return [one for one in self.requests if not one.startswith(own) and one not in self.blocked]

    def close(self) -> None:
        self._context.close()

    def _failed(self, request: Request) -> None:
        if request.failure == "csp":
            self.blocked.append(request.url)
