"""The page for those who use a keyboard, a screen reader, a small screen or a dark room."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.page.browsing import DESKTOP, PHONE, Microphone, Opener, audio
from tests.api.page.sounds import RATE_HZ, heard, part, song

CONTROLS = {"button", "link", "textbox", "searchbox", "radio", "checkbox", "meter", "timer"}

CONTRAST = """() => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((c) => c / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const colour = parse(getComputedStyle(one).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility() || element.closest(":disabled, .unseen")) continue;
        const [light, dark] = [parse(getComputedStyle(element).color), behind(element)]
            .map(luminance).sort((a, b) => b - a);
        found.push([element.textContent.trim().slice(0, 40), (light + 0.05) / (dark + 0.05)]);
    }
    return found;
}"""


def ask(page: Page, content: bytes) -> None:
    page.locator("#file").set_input_files(audio("part.wav", content))
    expect(page.locator("#explanation")).to_be_visible()


def nameless(page: Page) -> list[str]:
    """Return what a screen reader would meet without a name, by the browser's own reckoning."""
    session = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    told = [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip(), node)
        for node in nodes
        if not node["ignored"]
    ]
    assert {"button", "radio", "meter"} <= {role for role, _, _ in told}
    return [
        f"{role} {node['nodeId']}" for role, name, node in told if role in CONTROLS and not name
    ]


def test_every_control_has_a_name(open_page: Opener, songs: dict[str, int]) -> None:
    page = open_page()
    assert nameless(page) == []
    ask(page, part(songs["Knalgan Theme"], 2, 5))
    page.locator("#new-songs").set_input_files(audio("new.wav", song(4)))
    assert nameless(page) == []
    for canvas in page.locator("canvas:visible").all():
        assert canvas.get_attribute("role") == "img"
        assert canvas.get_attribute("aria-label")


def test_headings_go_down_one_level_at_a_time(open_page: Opener, songs: dict[str, int]) -> None:
    page = open_page()
    ask(page, part(songs["Knalgan Theme"], 2, 5))
    levels = page.evaluate(
        "() => [...document.querySelectorAll('h1, h2, h3')]"
        ".filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    scheme: str, open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page(**DESKTOP, color_scheme=scheme)
    ask(page, part(songs["Knalgan Theme"], 2, 5))
    page.locator("#new-songs").set_input_files(audio("broken.wav", b"nothing"))
    page.get_by_role("button", name="Learn 1 song").click()
    expect(page.locator(".state[data-state=failed]")).to_be_visible()
    contrasts = page.evaluate(CONTRAST)
    assert len(contrasts) > 50
    assert [pair for pair in contrasts if pair[1] < 4.5] == []


def test_scheme_of_the_system_decides_the_colours_of_page_and_figures(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page(**DESKTOP, color_scheme="dark")
    ask(page, part(songs["Knalgan Theme"], 2, 5))

    def brightness(canvas: str) -> float:
        level: float = page.locator(canvas).evaluate(
            """(canvas) => {
                const { width, height } = canvas;
                const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                return data.filter((_, i) => i % 4 < 3).reduce((a, b) => a + b, 0) / data.length;
            }"""
        )
        return level

    background = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background), brightness("#live")
    page.emulate_media(color_scheme="light")
    ask(page, part(songs["Knalgan Theme"], 2, 5))
    expect(page.locator("#chosen")).to_have_text("part.wav")
    light = page.evaluate(background), brightness("#live")
    assert dark[0] == "rgb(17, 20, 23)"
    assert light[0] == "rgb(247, 247, 244)"
    assert dark[1] < light[1]


def test_keyboard_alone_listens_reads_and_removes(
    open_page: Opener, microphone: Microphone, songs: dict[str, int]
) -> None:
    microphone.play(heard(songs["Knalgan Theme"], 3.0), RATE_HZ)
    page = open_page()
    keyboard = page.keyboard
    for _ in range(3):
        keyboard.press("Tab")
        if page.get_by_role("button", name="Listen").evaluate(FOCUSED):
            break
    expect(page.get_by_role("button", name="Listen")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("radio", name="8 s")).to_be_focused()
    keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="5 s")).to_be_checked()
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Knalgan Theme")).to_be_visible()
    expect(page.get_by_role("button", name="Listen")).to_be_focused()

    for _ in range(40):
        keyboard.press("Tab")
        if page.get_by_role("button", name="Remove Knalgan Theme").evaluate(FOCUSED):
            break
    keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Śpiew")).to_be_focused()
    expect(page.locator("#total")).to_have_text("2 songs")


FOCUSED = "(element) => element === document.activeElement"


def test_focus_is_visible(open_page: Opener) -> None:
    page = open_page()
    styles = []
    for _ in range(6):
        page.keyboard.press("Tab")
        styles.append(
            page.evaluate(
                """() => {
                    const one = document.activeElement;
                    const seen = one.closest(".button, .segments label") ?? one;
                    return getComputedStyle(seen).outlineStyle;
                }"""
            )
        )
    assert set(styles) <= {"solid"}


@pytest.mark.parametrize("width", [320, 390, 768])
def test_small_screens_need_no_sideways_scrolling(
    width: int, open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page(**PHONE | {"viewport": {"width": width, "height": 700}})
    ask(page, part(songs["Knalgan Theme"], 2, 5))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        "() => [...document.querySelectorAll('button, .button, .segments span')]"
        ".filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 32)"
        ".map((one) => one.textContent)"
    )
    assert small == []


def test_nothing_moves_for_those_who_prefer_that(open_page: Opener, microphone: Microphone) -> None:
    microphone.play(heard(1, 3.0), RATE_HZ)
    page = open_page(**DESKTOP, reduced_motion="reduce")
    page.get_by_role("button", name="Listen").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"\d s"))
    page.locator("#progress").evaluate("(element) => { element.hidden = false; }")
    assert page.evaluate("document.getAnimations().length") == 0
    page.locator("#progress").evaluate("(element) => { element.hidden = true; }")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Listen")).to_be_visible()
