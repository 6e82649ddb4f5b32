"""Browsers that have the page of a real server open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.api.material import learn
from tests.api.page.browsing import MICROPHONE_ALLOWED, Microphone, Opener, find_browser, launch
from tests.api.page.sounds import NAMES, song
from tests.api.server import Server


# Playwright keeps an event loop in the main thread, which other tests must not meet: so nothing
# of it outlives a module.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def program(playwright: Playwright) -> str:
    """The browser to test with; without one the tests are skipped, or fail where CI is true."""
    found = find_browser(playwright)
    if found is None:
        reason = "NOT TESTED: the web page, because there is no Chromium: install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Microphone:
    return Microphone(tmp_path_factory.mktemp("microphone") / "heard.wav")


@pytest.fixture(scope="module")
def browser(playwright: Playwright, program: str, microphone: Microphone) -> Iterator[Browser]:
    """A browser that may use the microphone, which plays the file of `microphone`."""
    with launch(playwright, program, microphone, MICROPHONE_ALLOWED) as started:
        yield started


@pytest.fixture
def open_page(browser: Browser, server: Server, tmp_path: Path) -> Iterator[Opener]:
    """Return a function that opens the page of `server` in a profile of its own."""
    opener = Opener(browser, server.url)
    yield opener
    opener.close()


@pytest.fixture
def songs(client: httpx.Client) -> dict[str, int]:
    """Songs that the server knows: their names and the seeds they are made from."""
    for name, seed in NAMES.items():
        learn(client, song(seed), name).raise_for_status()
    return NAMES
