"""What goes wrong is one clear sentence on the page, with a way on where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect

from tests.api.page.browsing import Microphone, Opener, audio, launch
from tests.api.page.sounds import part
from tests.api.server import Server


def choose(page: Page, content: bytes, name: str = "part.wav") -> None:
    page.locator("#file").set_input_files(audio(name, content))


def problem(page: Page) -> str:
    alert = page.locator("#problem")
    expect(alert).to_be_visible()
    expect(alert).to_have_attribute("role", "alert")
    return page.locator("#problem-text").inner_text()


def refuse(status: int, *, body: str, content_type: str, times: int | None = None) -> object:
    """Return what answers the first ``times`` requests, or all, in place of the server."""
    left = [times]

    def answer(route: Route) -> None:
        if left[0] == 0:
            route.continue_()
            return
        if left[0] is not None:
            left[0] -= 1
        headers = {"Retry-After": "1", "Content-Type": content_type}
        route.fulfill(status=status, headers=headers, body=body)

    return answer


BUSY = '{"code": "busy", "message": "16 requests are being worked on: try again"}'


def test_unreachable_server_is_named_and_the_same_recording_can_be_sent_again(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    page.context.set_offline(True)
    choose(page, part(songs["Knalgan Theme"], 2, 5))
    assert problem(page).startswith("The server cannot be reached: check")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Knalgan Theme")).to_be_visible()
    expect(page.locator("#problem")).to_be_hidden()


def test_busy_server_is_asked_again_after_the_time_it_names(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    page.route("**/recognize", refuse(503, body=BUSY, content_type="application/json", times=1))
    choose(page, part(songs["Knalgan Theme"], 2, 5))
    expect(page.locator("#progress")).to_have_text("The server is busy. Trying again in 1 s…")
    expect(page.get_by_role("heading", name="Knalgan Theme")).to_be_visible()
    assert len(open_page.asked("recognize")) == 2


def test_server_that_stays_busy_is_given_up_with_its_sentence(open_page: Opener) -> None:
    page = open_page()
    page.route("**/recognize", refuse(503, body=BUSY, content_type="application/json"))
    choose(page, part(1, 2, 5))
    assert problem(page) == "16 requests are being worked on: try again."
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert len(open_page.asked("recognize")) == 4


def test_file_beyond_the_servers_limit_is_refused_in_its_words(open_page: Opener) -> None:
    page = open_page()
    choose(page, part(1, 0, 20) * 3)
    assert "2 MB" in problem(page)
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()


def test_file_that_is_not_audio_is_refused_in_the_servers_words(open_page: Opener) -> None:
    page = open_page()
    choose(page, b"a letter to a friend", "letter.wav")
    assert problem(page).startswith("letter.wav: is not audio in a supported format")


def test_answer_of_a_proxy_is_told_in_the_pages_own_words(open_page: Opener) -> None:
    page = open_page()
    page.route("**/recognize", refuse(502, body="<html>", content_type="text/html"))
    choose(page, part(1, 2, 5))
    assert problem(page).startswith("The server behind this address does not answer")


def test_server_that_goes_while_the_page_loads_is_named_and_loading_can_be_repeated(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page(
        script="if (!sessionStorage.tried) { sessionStorage.tried = 1; window.fetch = () => "
        "Promise.reject(new TypeError('Failed to fetch')); }"
    )
    assert problem(page).startswith("The server cannot be reached")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#songs .name")).to_have_text([*reversed(songs)])
    expect(page.locator("#problem")).to_be_hidden()


@pytest.fixture
def open_strict_page(
    playwright: Playwright, program: str, microphone: Microphone, server: Server
) -> Iterator[Opener]:
    """Pages of a browser in which nobody allows the microphone."""
    with launch(playwright, program, microphone) as browser:
        opener = Opener(browser, server.url)
        yield opener
        opener.close()


def test_denied_microphone_is_named_with_its_remedy(open_strict_page: Opener) -> None:
    page = open_strict_page()
    page.get_by_role("button", name="Listen").click()
    assert problem(page).startswith("The microphone is not allowed here: allow it")
    expect(page.get_by_role("button", name="Listen")).to_be_enabled()


def test_page_that_may_have_no_microphone_says_where_it_would(open_page: Opener) -> None:
    missing = "Object.defineProperty(Navigator.prototype, 'mediaDevices', {value: undefined})"
    page = open_page(script=missing)
    page.get_by_role("button", name="Listen").click()
    assert "over HTTPS or on this machine only" in problem(page)


def test_new_question_takes_the_place_of_one_that_is_still_open(
    open_page: Opener, browser: Browser, songs: dict[str, int]
) -> None:
    page = open_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/recognize", hold, times=1)
    choose(page, part(songs["Knalgan Theme"], 2, 5))
    expect(page.locator("#progress")).to_contain_text("Recognising")
    choose(page, part(songs["The City Falls"], 2, 5))
    expect(page.get_by_role("heading", name="The City Falls")).to_be_visible()
    assert len(held) == 1
    assert page.get_by_role("heading", name="Knalgan Theme").count() == 0
    assert browser.is_connected()
