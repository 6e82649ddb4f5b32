"""Both clients and a real service: every endpoint, and every refusal that a client can meet.

The client that waits and that for event loops are asked the same; see `asking`.
"""

from __future__ import annotations

import io
import os
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from clients import rest
from tests.api import material
from tests.api.conftest import KEY
from tests.api.material import excerpt, song, variant
from tests.api.server import Server
from tests.clients.conftest import SONGS
from tests.clients.rest.asking import Asking, Opened
from tests.tagged_files import tagged

README = Path(__file__).resolve().parents[3] / "README.md"

IMPATIENT = rest.Patience(n_retries=0)


def ids(client: Asking) -> dict[str, int]:
    """Return name -> id of all songs."""
    return {one.song_name: one.song_id for one in client.songs()}


def test_a_song_is_learned_from_a_path_with_all_that_is_said_of_it(
    client: Asking, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "new.wav"
    path.write_bytes(song(4))
    before = datetime.now(UTC)
    learned = client.learn(path, 'É "new"', metadata={"year": 1999, "tags": ["a", None]})
    assert (learned.created, learned.known_by, learned.warning) == (True, None, None)
    assert (learned.song_name, learned.duration_s) == ('É "new"', pytest.approx(8.0))
    assert learned.metadata == {"year": 1999, "tags": ["a", None]}
    assert learned.complete and not learned.audio_kept and learned.stated_s is None
    assert learned.learned_at.tzinfo is not None
    assert abs((learned.learned_at - before).total_seconds()) < 600
    again = client.learn(path, "again")
    assert (again.created, again.known_by, again.song_id) == (False, "file", learned.song_id)
    assert client.song(learned.song_id).checksum == learned.checksum


def test_a_song_without_a_name_is_called_as_its_tags_say(client: Asking) -> None:
    assert client.learn(tagged(song(7), "Aria", "Ada")).song_name == "Ada – Aria"


def test_the_example_of_the_readme_works(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    [code] = [one for one in blocks if "clients.rest" in one]
    assert '"http://127.0.0.1:8000"' in code
    (tmp_path / "music").mkdir()
    soundfile.write(tmp_path / "music" / "song.flac", material.samples(6), material.RATE_HZ)
    (tmp_path / "noisy.wav").write_bytes(excerpt(6))
    monkeypatch.chdir(tmp_path)
    exec(code.replace('"http://127.0.0.1:8000"', f'"{server.url}", key="{KEY}"'), {})
    assert capsys.readouterr().out == "song\n"


def test_the_same_audio_is_learned_again_only_if_that_is_said(client: Asking) -> None:
    known = client.learn(variant(1, 5), "Copy", filename="copy.wav")
    assert (known.created, known.known_by) == (False, "audio")
    assert known.warning is not None
    assert client.learn(variant(1, 5), "Copy", allow_duplicates=True).created


def test_of_a_cut_recording_what_there_is_is_learned_unless_that_is_not_wanted(
    client: Asking,
) -> None:
    cut = song(5)[: round(0.75 * len(song(5)))]
    with pytest.raises(rest.RecordingRefusedError, match=r"^the server refused .* \(cut.wav: "):
        client.learn(cut, "Cut", strict=True, filename="cut.wav")
    learned = client.learn(cut, "Cut")
    assert (learned.complete, learned.stated_s) == (False, pytest.approx(8.0))
    whole = client.learn(song(5), "Whole")
    assert (whole.complete, whole.replaced) == (True, (learned.song_id,))
    assert client.learn(cut, "Cut").known_by == "whole"


@pytest.mark.parametrize("as_source", [bytes, io.BytesIO], ids=["bytes", "file"])
def test_a_recording_is_recognised(
    as_source: Callable[[bytes], Any], client: Asking, server: Server
) -> None:
    found = client.recognize(as_source(excerpt(2, start_s=2.5)), top=2)
    assert found.matched
    assert (found.song_name, found.song_id) == (SONGS[2], ids(client)[SONGS[2]])
    assert found.offset_s == pytest.approx(2.5, abs=0.05)
    assert found.candidates[0].song_id == found.song_id
    assert 1 <= len(found.candidates) <= 2
    assert found.appearances is None
    assert found.profile.digest == server.profile.fingerprint.digest
    assert found.times.total_s > 0


def test_a_recording_that_is_still_heard_is_sent_in_chunks(client: Asking) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as heard:
        content = excerpt(3, duration_s=1.4)  # fits into a pipe
        with os.fdopen(theirs, "wb") as microphone:
            microphone.write(content)
        assert client.recognize(heard).query_s == pytest.approx(1.4)


def test_a_scan_tells_every_song(client: Asking) -> None:
    mix = material.wav(np.concatenate([material.samples(1), material.samples(2)]))
    found = client.recognize(mix, scan=True)
    assert [one.song_name for one in found.appearances] == [SONGS[1], SONGS[2]]
    assert found.appearances[1].start_s == pytest.approx(8.0, abs=0.5)


def test_what_is_unknown_is_no_match(client: Asking) -> None:
    found = client.recognize(excerpt(99))
    assert (found.matched, found.song_id, found.confidence) == (False, None, 0.0)


def test_songs_are_listed_page_by_page(client: Asking) -> None:
    names = [one.song_name for one in client.songs(page_songs=2)]
    assert sorted(names) == sorted(SONGS.values())  # in the order in which they were learned last
    assert [one.song_name for one in client.songs(order="newest", page_songs=1)] == names[::-1]
    assert {one.song_name for one in client.songs(name="IR")} == {"First", "Third"}
    page = client.songs_page(limit=1, offset=1, order="newest")
    assert ([one.song_name for one in page.songs], page.total) == ([names[1]], 3)
    assert (page.limit, page.offset) == (1, 1)


def test_a_song_is_renamed(client: Asking) -> None:
    song_id = ids(client)[SONGS[2]]
    renamed = client.rename(song_id, 'É "new" 🎸')
    assert (renamed.song_id, renamed.song_name) == (song_id, 'É "new" 🎸')
    assert client.song(song_id) == renamed
    assert client.rename(song_id, SONGS[2]).song_name == SONGS[2]
    for name in ("", "\ud800", "a\n"):
        with pytest.raises(rest.RefusedError, match=r"song_name: ") as refused:
            client.rename(song_id, name)
        assert refused.value.code == "invalid_field"
    with pytest.raises(rest.NotFoundError, match=r"there is no such song"):
        client.rename(2**62, "x")
    assert ids(client)[SONGS[2]] == song_id


def test_songs_are_removed_one_and_all(client: Asking) -> None:
    gone = client.remove(ids(client)[SONGS[2]])
    assert gone.song_name == SONGS[2]
    with pytest.raises(rest.NotFoundError, match=r"there is no such song") as refused:
        client.song(gone.song_id)
    assert (refused.value.status, refused.value.code) == (404, "unknown_song")
    assert client.remove_all() == 2
    assert list(client.songs()) == []


def test_the_index_tells_of_itself(client: Asking, server: Server) -> None:
    checked = client.stats(check=True)
    assert (checked.songs, checked.health.ok) == (3, True)
    assert checked.profile.threshold == server.profile.decision.threshold
    assert client.stats().songs == 3
    profile = client.profile()
    assert profile.name == server.profile.name
    assert profile.fingerprint == server.profile.fingerprint.model_dump(mode="json")
    assert profile.provenance == {"run": "none"}


def test_the_server_tells_of_itself(client: Asking) -> None:
    assert (client.alive(), client.ready()) == ("ok", "ok")
    assert "fpapi_requests_total" in client.metrics()


@pytest.mark.parametrize("key", [None, "a wrong key of 16 characters"])
def test_without_the_key_nothing_is_learned_or_removed(
    key: str | None, server: Server, opened: Opened
) -> None:
    with opened(server.url, key=key) as client:
        for change in (lambda: client.learn(song(1), "x"), client.remove_all):
            with pytest.raises(rest.WrongKeyError, match=r"wants its API key .*: give") as refused:
                change()
            assert (refused.value.status, refused.value.code) == (401, "api_key_needed")
            assert re.fullmatch("[0-9a-f]{16}", refused.value.request_id)
        assert client.recognize(excerpt(1)).song_name == SONGS[1]


def test_a_key_may_be_pasted_with_white_space_around_it(server: Server, opened: Opened) -> None:
    with opened(f"{server.url}/", key=f" {KEY}\n") as client:
        assert client.learn(song(1), "x").known_by == "file"


@pytest.mark.parametrize("is_stated", [True, False])
def test_a_recording_that_is_too_large_is_told_from_others(
    is_stated: bool, client: Asking, tmp_path: Path
) -> None:
    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return is_stated

    with pytest.raises(rest.TooLargeError, match=r"at most 1 MB: shorten it$") as refused:
        client.recognize(Stream(bytes(1_200_000)))
    assert (refused.value.status, refused.value.code) == (413, "too_large")
    assert client.alive() == "ok"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "empty_file"),
        (b"%PDF-1.7" + bytes(100), 415, "unsupported_kind"),
        (song(1)[:44], 422, "audio_unusable"),
    ],
)
def test_a_recording_that_the_server_cannot_use_is_told_from_other_faults(
    content: bytes, status: int, code: str, client: Asking
) -> None:
    told = r"^the server refused the recording \(mine.wav: .*\): send another$"
    with pytest.raises(rest.RecordingRefusedError, match=told) as refused:
        client.learn(content, "x", filename="mine.wav")
    assert (refused.value.status, refused.value.code) == (status, code)
    assert refused.value.reason.startswith("mine.wav: ")


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.recognize(song(1), top=0), "invalid_field"),
        (lambda client: client.learn(song(1), ""), "invalid_field"),
        (lambda client: client.learn(song(1), "\ud800"), "invalid_text"),
        (lambda client: client.learn(song(1), "x" * 17_000), "field_too_long"),
        (lambda client: client.learn(song(1), "x", metadata={"x": float("nan")}), "invalid_field"),
        (lambda client: client.songs_page(limit=1001), "invalid_request"),
        (lambda client: client.song(0), "invalid_request"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_the_servers_words(
    ask: Callable[[Asking], object], code: str, client: Asking
) -> None:
    with pytest.raises(rest.RefusedError, match=r"^the server refused the request \(") as told:
        ask(client)
    assert (type(told.value), told.value.status) == (rest.RefusedError, 400)
    assert told.value.code == code
    assert f"({told.value.reason})" in str(told.value)


def test_a_server_of_another_name_forbids(server: Server, opened: Opened) -> None:
    # A resolver takes 127.1 for 127.0.0.1, the server for a name that is not its own.
    with (
        opened(f"http://127.1:{server.port}") as client,
        pytest.raises(rest.ForbiddenError, match=r"not called 127\.1") as refused,
    ):
        client.stats()
    assert refused.value.code == "foreign_host"


def test_a_path_where_the_service_is_not_is_told(server: Server, opened: Opened) -> None:
    with (
        opened(f"{server.url}/else") as client,
        pytest.raises(rest.NotFoundError, match="check its address") as refused,
    ):
        client.stats()
    assert refused.value.code == "not_found"


def test_a_busy_server_is_told_from_one_that_refuses(server: Server, opened: Opened) -> None:
    with opened(server.url, key=KEY, patience=IMPATIENT) as client:
        song_id = ids(client)[SONGS[1]]
        writer = sqlite3.connect(server.database, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(
                rest.BusyError, match=r"^the server is busy: .*: try again$"
            ) as busy:
                client.remove(song_id)
        finally:
            writer.close()
        assert (busy.value.status, busy.value.code) == (503, "database_busy")
        assert busy.value.retry_after_s == 1.0
        assert client.remove(song_id).song_name == SONGS[1]


def test_a_recording_that_cannot_be_read_is_not_sent(client: Asking, tmp_path: Path) -> None:
    with pytest.raises(rest.UnreadableError, match=r"none.wav cannot be read"):
        client.recognize(tmp_path / "none.wav")
    assert client.alive() == "ok"
