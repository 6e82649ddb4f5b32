"""The songs of the index: listed by page, searched, renamed, removed."""

from __future__ import annotations

import httpx
import pytest

from tests.api.material import assert_refused, excerpt, learn, recognize, song


def test_songs_are_listed_by_page_and_searched_by_name(client: httpx.Client) -> None:
    names = ["Alpha", "Beta", "alphabet", "Gamma"]
    for seed, name in enumerate(names):
        learn(client, song(seed), name)
    everything = client.get("/songs").json()
    assert [one["song_name"] for one in everything["songs"]] == names
    assert (everything["total"], everything["limit"], everything["offset"]) == (4, 100, 0)
    page = client.get("/songs", params={"limit": 2, "offset": 1}).json()
    assert [one["song_name"] for one in page["songs"]] == names[1:3]
    assert page["total"] == 4
    found = client.get("/songs", params={"name": "ALPHA"}).json()
    assert [one["song_name"] for one in found["songs"]] == ["Alpha", "alphabet"]
    assert found["total"] == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_of_the_newest_songs_are_those_of_all_songs_backward(
    limit: int, client: httpx.Client
) -> None:
    names = ["Alpha", "Beta", "alphabet", "Gamma"]
    for seed, name in enumerate(names):
        learn(client, song(seed), name)
    asked: dict[str, str | int] = {"order": "newest", "limit": limit}
    pages = [client.get("/songs", params={**asked, "offset": offset}).json() for offset in range(6)]
    told = [[one["song_name"] for one in page["songs"]] for page in pages]
    assert told == [names[::-1][offset : offset + limit] for offset in range(6)]
    assert {(page["total"], page["limit"]) for page in pages} == {(4, limit)}
    found = client.get("/songs", params={**asked, "name": "alpha"}).json()
    assert [one["song_name"] for one in found["songs"]] == ["alphabet", "Alpha"][:limit]


def test_a_removed_song_is_gone_and_its_id_is_not_used_again(client: httpx.Client) -> None:
    first = learn(client, song(1), "First").json()
    assert recognize(client, excerpt(1)).json()["matched"] is True
    removed = client.delete(f"/songs/{first['song_id']}")
    assert removed.status_code == 200
    assert removed.json()["song_name"] == "First"
    assert recognize(client, excerpt(1)).json()["matched"] is False
    for gone in (client.get(f"/songs/{first['song_id']}"), client.delete(removed.request.url)):
        assert_refused(gone, 404, "unknown_song")
    assert learn(client, song(1), "First").json()["song_id"] > first["song_id"]


def test_a_renamed_song_has_its_new_name_in_every_answer(client: httpx.Client) -> None:
    first = learn(client, song(1), "First", metadata='{"artist": "A"}').json()
    address = f"/songs/{first['song_id']}"
    renamed = client.patch(address, json={"song_name": "Été 🎸"})
    assert renamed.status_code == 200
    assert renamed.json() == {**client.get(address).json()}
    known = {key: told for key, told in first.items() if key in renamed.json()}
    assert renamed.json() == {**known, "song_name": "Été 🎸"}
    assert recognize(client, excerpt(1)).json()["song_name"] == "Été 🎸"
    assert client.get("/songs", params={"name": "first"}).json()["total"] == 0
    second = learn(client, song(2), "Second").json()
    shared = client.patch(f"/songs/{second['song_id']}", json={"song_name": "Été 🎸"})
    assert shared.json()["song_name"] == f"Été 🎸 (id {second['song_id']})"
    client.delete(address).raise_for_status()
    gone = client.patch(address, json={"song_name": "x"})
    assert_refused(gone, 404, "unknown_song")


def test_songs_that_share_a_name_are_told_apart_in_every_answer(client: httpx.Client) -> None:
    first = learn(client, song(1), "01").json()
    assert first["song_name"] == "01"
    second = learn(client, song(2), "01").json()
    ids = [first["song_id"], second["song_id"]]
    titles = [f"01 (id {song_id})" for song_id in ids]
    assert second["song_name"] == titles[1]
    assert [one["song_name"] for one in client.get("/songs").json()["songs"]] == titles
    for seed, song_id, title in zip((1, 2), ids, titles, strict=True):
        assert client.get(f"/songs/{song_id}").json()["song_name"] == title
        assert recognize(client, excerpt(seed)).json()["song_name"] == title
        scanned = recognize(client, excerpt(seed), scan="true").json()
        assert {one["song_name"] for one in scanned["appearances"]} == {title}
    assert learn(client, song(1), "another").json()["song_name"] == titles[0]
    client.delete(f"/songs/{ids[1]}").raise_for_status()
    assert recognize(client, excerpt(1)).json()["song_name"] == "01"


@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}, {"confirm": ""}])
def test_all_songs_are_removed_only_when_confirmed(
    confirm: dict[str, str], client: httpx.Client
) -> None:
    for seed in (1, 2):
        learn(client, song(seed), f"Song {seed}")
    assert client.delete("/songs", params=confirm).status_code == 400
    assert client.get("/songs").json()["total"] == 2
    assert client.delete("/songs", params={"confirm": "all"}).json() == {"removed": 2}
    assert client.get("/songs").json()["total"] == 0


def test_who_means_to_remove_only_some_songs_removes_none(client: httpx.Client) -> None:
    learn(client, song(1), "Song 1")
    answer = client.delete("/songs", params={"confirm": "all", "name": "Song 2"})
    assert assert_refused(answer, 400, "invalid_request") == "name: there is no such parameter"
    assert client.get("/songs").json()["total"] == 1
