"""The songs of the index, as the page lists, learns and removes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.conftest import KEY
from tests.api.material import learn
from tests.api.page.browsing import DESKTOP, PHONE, Opener, audio, drop
from tests.api.page.sounds import part, song
from tests.api.server import Server


def rows(page: Page) -> list[str]:
    return page.locator("#songs .name").all_inner_texts()


def add(page: Page, *files: tuple[str, bytes]) -> None:
    page.locator("#new-songs").set_input_files([audio(*file) for file in files])


def test_song_learned_through_the_page_is_recognised(
    open_page: Opener, client: httpx.Client
) -> None:
    page = open_page()
    expect(page.locator("#no-songs")).to_contain_text("No songs yet")
    add(page, ("track 01.wav", song(4)))
    name = page.get_by_role("textbox", name="Name of track 01.wav")
    expect(name).to_have_attribute("placeholder", "As in its tags, or “track 01”")
    expect(name).to_be_focused()
    name.fill("Ėglė & <i>žalčiai</i>")
    page.get_by_role("button", name="Learn 1 song").click()
    expect(page.locator(".state")).to_contain_text("Learned:")
    expect(page.locator("#songs .name")).to_have_text("Ėglė & <i>žalčiai</i>")
    expect(page.locator("#served")).to_contain_text("1 song ")
    assert [one["song_name"] for one in client.get("/songs").json()["songs"]] == rows(page)

    page.locator("#file").set_input_files(audio("part.wav", part(4, 9, 5)))
    expect(page.locator("#answer-title")).to_have_text("Ėglė & <i>žalčiai</i>")


def test_each_file_of_several_has_its_own_outcome(open_page: Opener, songs: dict[str, int]) -> None:
    page = open_page()
    known, broken = song(songs["Knalgan Theme"]), b"RIFF, but no audio"
    add(page, ("new.wav", song(4)), ("again.wav", known), ("broken.wav", broken))
    page.get_by_role("button", name="Learn 3 songs").click()
    states = page.locator(".state")
    expect(states.nth(0)).to_contain_text("Learned:")
    expect(states.nth(1)).to_have_text("Known already, as “Knalgan Theme”")
    expect(states.nth(2)).to_contain_text("broken.wav: is not audio in a supported format")
    expect(page.get_by_role("status")).to_have_text("2 songs learned, 1 not.")
    expect(page.locator("#total")).to_have_text("4 songs")


def test_a_recording_that_is_cut_off_is_marked_and_the_same_audio_is_told(
    open_page: Opener, songs: dict[str, int]
) -> None:
    page = open_page()
    cut = song(4)[: len(song(4)) // 2]
    same = song(songs["Knalgan Theme"]) + b"LIST\4\0\0\0INFO"
    add(page, ("cut.wav", cut), ("same.wav", same))
    page.get_by_role("button", name="Learn 2 songs").click()
    states = page.locator(".state")
    expect(states.nth(0)).to_contain_text("cut off, 12.0 of 24.0 s")
    expect(states.nth(1)).to_have_text("Known already, as “Knalgan Theme”: same audio")
    expect(page.locator("#songs li").first).to_contain_text("cut off, 12.0 of 24.0 s")
    expect(page.locator("#songs li", has_text="cut off")).to_have_count(1)


def test_file_dropped_on_the_songs_is_to_be_learned_not_recognised(open_page: Opener) -> None:
    page = open_page()
    drop(page.locator("#library"), "dropped.wav", song(4))
    page.get_by_role("button", name="Learn 1 song").click()
    expect(page.locator("#songs .name")).to_have_text("dropped")
    assert open_page.asked("recognize") == []


def test_search_narrows_the_list(open_page: Opener, songs: dict[str, int]) -> None:
    page = open_page()
    expect(page.locator("#songs .name")).to_have_text([*reversed(songs)])
    search = page.get_by_role("searchbox", name="Search songs by name")
    search.fill("city")
    expect(page.locator("#songs .name")).to_have_text(["The City Falls"])
    expect(page.locator("#total")).to_have_text("1 found")
    search.fill("no such name")
    expect(page.locator("#no-songs")).to_have_text("No song has a name like that.")
    search.fill("")
    expect(page.locator("#songs .name")).to_have_text([*reversed(songs)])


@pytest.fixture
def many(client: httpx.Client) -> list[str]:
    """Names of more songs than a page holds, the last learned first."""
    for i in range(27):
        learn(client, part(1, i * 0.5, 3), f"song {i:02}").raise_for_status()
    return [f"song {i:02}" for i in reversed(range(27))]


def test_long_list_comes_in_pages(open_page: Opener, many: list[str]) -> None:
    page = open_page()
    expect(page.locator("#songs .name")).to_have_text(many[:25])
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#songs .name")).to_have_text(many)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    expect(page.get_by_role("button", name=f"Remove {many[25]}")).to_be_focused()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_song_just_learned_is_on_top_however_many_there_are_and_whatever_was_searched(
    device: dict[str, Any], open_page: Opener, many: list[str]
) -> None:
    page = open_page(**device)
    page.get_by_role("searchbox", name="Search songs by name").fill("song 1")
    expect(page.locator("#total")).to_have_text("10 found")
    add(page, ("just learned.wav", song(4)))
    page.get_by_role("button", name="Learn 1 song").click()
    expect(page.locator("#songs .name")).to_have_text(["just learned", *many[:24]])
    expect(page.locator("#songs .name").first).to_be_in_viewport()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator("#total")).to_have_text("28 songs")


def test_song_that_another_learns_meanwhile_puts_none_on_the_list_twice(
    open_page: Opener, client: httpx.Client, many: list[str]
) -> None:
    page = open_page()
    expect(page.locator("#songs .name")).to_have_count(25)
    learn(client, song(4), "meanwhile").raise_for_status()
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#songs .name")).to_have_text(many)
    expect(page.get_by_role("button", name=f"Remove {many[25]}")).to_be_focused()


def test_song_is_removed_only_when_that_is_confirmed(
    open_page: Opener, client: httpx.Client, songs: dict[str, int]
) -> None:
    page = open_page()
    button = page.get_by_role("button", name="Remove Śpiew <b>ptaków</b>")
    button.click()
    dialog = page.get_by_role("dialog", name="Remove “Śpiew <b>ptaków</b>”?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    assert client.get("/songs").json()["total"] == len(songs)

    button.click()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.locator("#songs .name")).to_have_text(["The City Falls", "Knalgan Theme"])
    expect(page.get_by_role("button", name="Remove Knalgan Theme")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Śpiew <b>ptaków</b> was removed.")
    assert client.get("/songs").json()["total"] == len(songs) - 1


@pytest.fixture
def open_keyed_page(browser: Browser, keyed_server: Server) -> Iterator[Opener]:
    opener = Opener(browser, keyed_server.url)
    yield opener
    opener.close()
    with keyed_server.client(headers={"X-API-Key": KEY}) as client:
        client.delete("/songs", params={"confirm": "all"}).raise_for_status()


def test_key_is_asked_for_when_the_server_needs_one_and_kept_for_the_tab(
    open_keyed_page: Opener,
) -> None:
    page = open_keyed_page()
    key = page.get_by_label("API key", exact=True)
    expect(key).to_be_hidden()
    add(page, ("locked.wav", song(4)))
    page.get_by_role("button", name="Learn 1 song").click()
    expect(key).to_be_focused()
    key.fill("not the key at all")
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#key-text")).to_contain_text("did not accept")
    key.fill(KEY)
    key.press("Enter")
    expect(page.locator("#songs .name")).to_have_text("locked")

    page.reload()
    page.get_by_role("button", name="Remove locked").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#no-songs")).to_be_visible()
    expect(key).to_be_hidden()
    page.get_by_role("button", name="Forget it").click()
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_without_a_key_nothing_changes_and_the_page_says_what_is_missing(
    open_keyed_page: Opener,
) -> None:
    page = open_keyed_page()
    add(page, ("locked.wav", song(4)))
    page.get_by_role("button", name="Learn 1 song").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator(".state")).to_contain_text("This needs the API key")
    expect(page.locator("#no-songs")).to_be_visible()
