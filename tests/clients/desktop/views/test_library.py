"""Library: songs listed, searched, added, renamed, removed; and a list of ten thousand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from clients.desktop.widgets.song_table import MOST_CHOSEN
from tests.api.material import song
from tests.api.server import Server
from tests.clients.conftest import SONGS
from tests.clients.desktop.conftest import Desk
from tests.clients.desktop.pretending import Answer, Pretending, pretending, refusal
from tests.clients.desktop.pretending import song as told_of

N_SONGS = 10_000


def rows(open_desk: Desk) -> list[str]:
    """Return the names of the songs in sight."""
    tree = open_desk.library.table.tree
    return [tree.item(one, "values")[0] for one in tree.get_children()]


def test_songs_are_added_found_renamed_and_removed(
    desk: Callable[..., Desk], server: Server, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (music / "new one.wav").write_bytes(song(4))
    (music / "broken.wav").write_bytes(b"RIFF")
    (music / "notes.txt").write_text("no sound")
    open_desk = desk(server.url)
    view = open_desk.library
    open_desk.window.show("LibraryView")
    open_desk.until(lambda: len(rows(open_desk)) == 3 and "…" not in rows(open_desk))
    assert sorted(rows(open_desk)) == sorted(SONGS.values())
    view.add([music])
    assert str(view.files_button.cget("state")) == "disabled"
    open_desk.until(lambda: len(rows(open_desk)) == 4)
    assert rows(open_desk)[0] == "new one"
    assert view.note.cget("text") == "Added 1 song."
    assert view.problem_bar.problem.sentence.startswith("Could not add broken.wav: ")
    view.search.set("NEW")
    open_desk.until(lambda: rows(open_desk) == ["new one"])
    assert view.count.cget("text") == "1 song with “NEW” in the name"
    view.table.choose(0)
    view.rename_button.invoke()
    view.dialog.entry.delete(0, "end")
    view.dialog.entry.insert(0, "newer 🎸")
    view.dialog.accept.invoke()
    open_desk.until(lambda: rows(open_desk) == ["newer 🎸"])
    view.table.choose(0)
    view.remove_button.invoke()
    view.dialog.decline.invoke()
    view.remove_button.invoke()
    view.dialog.accept.invoke()
    open_desk.until(lambda: not rows(open_desk) or not view.table.winfo_ismapped())
    assert "was removed" in view.note.cget("text")
    open_desk.until(lambda: "3 songs" in open_desk.window.state_text.cget("text"))


def click(open_desk: Desk, row: int, *, state: int = 0) -> None:
    """Press the first button of the mouse on a row in sight; ``state`` are the keys held."""
    tree = open_desk.library.table.tree
    x, y, *_ = tree.bbox(f"row{row}")
    tree.event_generate("<Button-1>", x=x + 5, y=y + 5, state=state)
    tree.event_generate("<ButtonRelease-1>", x=x + 5, y=y + 5)


SHIFT, CONTROL = 1, 4


def test_several_songs_are_chosen_by_clicks_and_keys_and_removed_at_once(
    desk: Callable[..., Desk],
) -> None:
    with pretending() as server:
        many(server)
        server.says("/songs/1", 404, refusal("unknown_song", "gone"))
        server.says("/songs/2", 507, refusal("disk_full", "full"))
        server.says("/songs/4", 200, told_of(4))
        open_desk = desk(server.address)
        view = open_desk.library
        open_desk.window.show("LibraryView")
        open_desk.until(lambda: rows(open_desk) and view.table.winfo_ismapped())
        open_desk.window.update()
        click(open_desk, 4)
        assert view.table.chosen == {4} and str(view.rename_button.cget("state")) == "normal"
        click(open_desk, 1, state=SHIFT)
        assert view.table.chosen == {1, 2, 3, 4}
        click(open_desk, 3, state=CONTROL)
        assert view.table.chosen == {1, 2, 4}
        assert str(view.rename_button.cget("state")) == "disabled"
        assert view.note.cget("text") == "3 songs chosen."
        assert len(view.table.tree.selection()) == 3
        view.remove_button.invoke()
        assert "“song 1”, “song 2” and 1 other will" in view.dialog.text.cget("text")
        view.dialog.accept.invoke()
        open_desk.until(lambda: view.note.cget("text") == "Removed 2 songs.")
        told = view.problem_bar.problem.sentence
        assert told.startswith("Could not remove song 2: ") and "full" in told
        removed = [one for one in server.asked if one.startswith("/songs/")]
        assert removed == ["/songs/1", "/songs/2", "/songs/4"]
        assert view.table.chosen == frozenset()


def test_a_choice_goes_beyond_what_is_in_sight_but_not_for_ever(desk: Callable[..., Desk]) -> None:
    with pretending() as server:
        many(server)
        open_desk = desk(server.address)
        view = open_desk.library
        open_desk.window.show("LibraryView")
        open_desk.until(lambda: rows(open_desk) and view.table.winfo_ismapped())
        tree = view.table.tree
        tree.focus_force()
        open_desk.until(lambda: open_desk.window.focus_get() is tree)
        tree.event_generate("<Home>")
        tree.event_generate("<Shift-End>")
        assert (len(view.table.chosen), max(view.table.chosen)) == (MOST_CHOSEN, MOST_CHOSEN - 1)
        assert view.table.selected == N_SONGS - 1
        assert view.note.cget("text") == "1,000 songs chosen, which is as many as can be."
        open_desk.until(lambda: len(view.all_chosen) == MOST_CHOSEN)
        tree.event_generate("<Up>")
        assert view.table.chosen == {N_SONGS - 2} and not view.note.cget("text")
        tree.event_generate("<Control-a>")
        assert len(view.table.chosen) == MOST_CHOSEN


def test_a_wrong_key_is_told_and_the_settings_are_the_way_on(
    desk: Callable[..., Desk], server: Server
) -> None:
    open_desk = desk(server.url, key="wrong")
    open_desk.window.show("LibraryView")
    open_desk.until(lambda: len(rows(open_desk)) == 3)
    open_desk.library.table.choose(0)
    open_desk.library.remove()
    open_desk.library.dialog.accept.invoke()
    open_desk.until(lambda: open_desk.library.problem_bar.problem)
    assert "wants its API key" in open_desk.library.problem_bar.problem.sentence
    open_desk.library.problem_bar.buttons["settings"].invoke()
    assert open_desk.window.current.get() == "SettingsView"


def many(server: Pretending) -> None:
    """Have a server tell of `N_SONGS` songs."""

    def page(query: dict[str, str]) -> Answer:
        limit, offset = int(query["limit"]), int(query["offset"])
        songs = [told_of(one) for one in range(offset, min(N_SONGS, offset + limit))]
        told = {"songs": songs, "total": N_SONGS, "limit": limit, "offset": offset}
        return 200, json.dumps(told).encode()

    server.answers["/songs"] = page


def test_of_ten_thousand_songs_only_those_in_sight_are_there(desk: Callable[..., Desk]) -> None:
    with pretending() as server:
        many(server)
        open_desk = desk(server.address)
        open_desk.window.show("LibraryView")
        open_desk.until(lambda: rows(open_desk) and open_desk.library.table.winfo_ismapped())
        open_desk.window.update_idletasks()
        table = open_desk.library.table
        table.refresh()
        assert 5 < len(rows(open_desk)) < 40
        assert open_desk.library.count.cget("text") == "10,000 songs"
        table.tree.focus_force()
        table.tree.event_generate("<End>")
        open_desk.until(lambda: rows(open_desk)[-1] == "song 9999")
        assert table.tree.item(table.tree.selection()[0], "values")[0] == "song 9999"
        table.tree.event_generate("<Prior>")
        assert table.selected < N_SONGS - 5
        table._scrolled("moveto", "0.5")
        open_desk.until(lambda: rows(open_desk)[0] == "song 5000")
        assert table.bar.get()[0] == 0.5
        pages = [one for one in server.asked if one.startswith("/songs")]
        assert len(pages) < 8


def test_learning_is_cancelled_between_and_within_files(
    desk: Callable[..., Desk], tmp_path: Path
) -> None:
    held = threading.Event()

    def late(query: dict[str, str]) -> Answer:
        held.wait(60)
        return None

    for number in range(3):
        (tmp_path / f"{number}.wav").write_bytes(b"x")
    with pretending() as server:
        many(server)
        server.answers["/learn"] = late
        open_desk = desk(server.address)
        view = open_desk.library
        open_desk.window.show("LibraryView")
        view.add(sorted(tmp_path.glob("*.wav")))
        open_desk.until(lambda: "/learn" in server.asked)
        open_desk.until(lambda: view.step.cget("text") == "1 of 3: 0.wav")
        view.cancel_button.invoke()
        assert str(view.files_button.cget("state")) == "normal"
        assert view.note.cget("text") == "Cancelled; what was added until then stays."
        held.set()
        assert server.asked.count("/learn") == 1
