"""What passes between the truth in PostgreSQL and the replica of it that a machine has in SQLite.

The replica is an index of segments like any other, in which this machine looks things up. `pull`
brings it what others changed, `push` takes to the truth what a writer that has its turn changed in
it. It remembers how far it follows: the number of the last change, and a token of it by which a
truth that was put back from a backup is noticed; then all songs are compared.

Functions work in the transactions of the connections they are given: ``truth`` is the one to
PostgreSQL, ``replica`` the one to SQLite.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

from fpcore.errors import StoreError
from fpcore.store.postgres.server import TruthConnection
from fpcore.store.postgres.tables import SONG_COLUMNS
from fpcore.store.snapshot import song_key

_ALL = 2**62
"""A song id that is higher than any."""

_COLUMNS = ", ".join(SONG_COLUMNS)
_IDENTITY = "id, checksum, learned_at, fingerprint_checksum"
"""What tells a song from another one that has its id; see `song_key`."""

_UPDATED = [column for column in SONG_COLUMNS if column != "id"]
_AMONG = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a replica follows: all songs of earlier changes, and those of this up to ``song_id``.

    ``token`` is that of the change, ``copies`` the change up to which files known by their audio
    were taken over.
    """

    change: int = -1
    song_id: int = _ALL
    token: str = ""
    copies: int = -1


@dataclass(frozen=True, slots=True)
class State:
    """Where the truth stands: its last change with its token, and the highest id ever given."""

    change: int
    token: str
    last_id: int

    @property
    def position(self) -> Position:
        """That of a replica that lacks nothing."""
        return Position(self.change, _ALL, self.token, self.change)


def state_of(truth: TruthConnection, *, lock: bool = False) -> State:
    """Return where the truth stands; ``lock`` keeps all others from writing until the end."""
    end = " FOR UPDATE OF state" if lock else ""
    query = f"SELECT state.number, token::text, last_id FROM state JOIN changes USING (number){end}"
    row = truth.execute(query.encode()).fetchone()
    if row is None:
        raise StoreError("the index in PostgreSQL has lost its state: restore a backup of it")
    return State(*row)


def position_of(replica: sqlite3.Connection) -> Position:
    """Return how far a replica follows."""
    row = replica.execute("SELECT value FROM meta WHERE key = 'replica_position'").fetchone()
    return Position() if row is None else Position(*json.loads(row[0]))


def _set_position(replica: sqlite3.Connection, position: Position) -> None:
    row = "replica_position", json.dumps(astuple(position))
    replica.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)


def pull(
    truth: TruthConnection,
    replica: sqlite3.Connection,
    state: State,
    *,
    n_songs: int | None = None,
) -> bool:
    """Bring a replica nearer to the truth.

    Parameters
    ----------
    truth : TruthConnection
        In a transaction that sees one state, or that nobody else can write meanwhile.
    replica : sqlite3.Connection
        In a transaction that may write.
    state : State
        Where the truth stands in that transaction.
    n_songs : int, optional
        Take over at most so many songs; without, all.

    Returns
    -------
    bool
        Whether there is more to take over.
    """
    here = position_of(replica)
    if here == state.position:
        return False
    if here.change >= 0 and not _knows(truth, here):
        here = Position()
        _drop_others(truth, replica)
    elif here.change >= 0:
        _remove(replica, _removed_since(truth, here))
    rows = _changed_since(truth, here, state, n_songs)
    _take_over(truth, replica, [row[:-1] for row in rows])
    if n_songs is not None and len(rows) == n_songs:
        song_id, change = rows[-1][0], rows[-1][-1]
        _set_position(replica, Position(change, song_id, _token_of(truth, change), here.copies))
        return True
    _take_over_copies(truth, replica, here.copies)
    replica.execute("DELETE FROM sqlite_sequence WHERE name = 'songs'")
    replica.execute("INSERT INTO sqlite_sequence VALUES ('songs', ?)", (state.last_id,))
    _set_position(replica, state.position)
    return False


def _knows(truth: TruthConnection, here: Position) -> bool:
    """Whether the truth went through the change that a replica has reached."""
    return _token_of(truth, here.change) == here.token


def _token_of(truth: TruthConnection, change: int) -> str:
    row = truth.execute("SELECT token::text FROM changes WHERE number = %s", (change,)).fetchone()
    return "" if row is None else str(row[0])


def _drop_others(truth: TruthConnection, replica: sqlite3.Connection) -> None:
    """Remove the songs from a replica that the truth has not, or has in another form."""
    known = set(truth.execute(f"SELECT {_IDENTITY} FROM songs".encode()).fetchall())
    held = replica.execute(f"SELECT {_IDENTITY} FROM songs").fetchall()
    _remove(replica, [row[0] for row in held if tuple(row) not in known])
    replica.execute("DELETE FROM copies")


def _removed_since(truth: TruthConnection, here: Position) -> list[int]:
    rows = truth.execute(
        "SELECT song_id FROM removed WHERE changed >= %s "
        "AND NOT EXISTS (SELECT FROM songs WHERE id = song_id)",
        (here.change,),
    )
    return [song_id for (song_id,) in rows]


def _remove(replica: sqlite3.Connection, song_ids: Sequence[int]) -> None:
    if song_ids:
        replica.execute(f"DELETE FROM songs WHERE id {_AMONG}", (json.dumps(song_ids),))


def _changed_since(
    truth: TruthConnection, here: Position, state: State, n_songs: int | None
) -> list[tuple[Any, ...]]:
    """Return rows of songs with the numbers of their changes, in the order of these."""
    return truth.execute(
        f"SELECT {_COLUMNS}, changed FROM songs WHERE (changed, id) > (%s, %s) AND changed <= %s "
        "ORDER BY changed, id LIMIT %s".encode(),
        (here.change, here.song_id, state.change, n_songs),
    ).fetchall()


def _take_over(
    truth: TruthConnection, replica: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Give a replica songs as they are in the truth; those it has keep their postings."""
    asked = json.dumps([row[0] for row in rows])
    held = set(
        replica.execute(f"SELECT {_IDENTITY} FROM songs WHERE id {_AMONG}", (asked,)).fetchall()
    )
    at = [SONG_COLUMNS.index(column) for column in _IDENTITY.split(", ")]
    new = []
    for row in rows:
        if tuple(row[place] for place in at) in held:
            replica.execute(
                f"UPDATE songs SET {', '.join(f'{column} = ?' for column in _UPDATED)} "
                "WHERE id = ?",
                (*row[1:], row[0]),
            )
        else:
            new.append(row[0])
    # Rows and contents come in one statement, so that they belong together.
    for row in truth.execute(
        f"SELECT {_COLUMNS}, postings, peaks FROM songs JOIN postings ON postings.song_id = id "
        "JOIN constellations ON constellations.song_id = id WHERE id = ANY(%s)".encode(),
        (new,),
    ):
        _insert(replica, row)


def _insert(replica: sqlite3.Connection, row: tuple[Any, ...]) -> None:
    *song, postings, peaks = row
    by_name = dict(zip(SONG_COLUMNS, song, strict=True))
    song_id, checksum = by_name["id"], by_name["checksum"]
    key = song_key(checksum, by_name["learned_at"], by_name["fingerprint_checksum"])
    replica.execute("DELETE FROM songs WHERE id = ? OR checksum = ?", (song_id, checksum))
    places = ", ".join("?" for _ in SONG_COLUMNS)
    replica.execute(f"INSERT INTO songs ({_COLUMNS}) VALUES ({places})", song)
    replica.execute("INSERT INTO constellations VALUES (?, ?)", (song_id, peaks))
    replica.execute("INSERT INTO postings VALUES (?, ?)", (song_id, postings))
    replica.execute("INSERT INTO song_keys VALUES (?, ?)", (song_id, key))


def _take_over_copies(truth: TruthConnection, replica: sqlite3.Connection, since: int) -> None:
    rows = truth.execute(
        "SELECT checksum, song_id, known_by FROM copies WHERE changed > %s", (since,)
    ).fetchall()
    for checksum, song_id, known_by in rows:
        replica.execute("DELETE FROM copies WHERE checksum = ?", (checksum,))
        if song_id is not None:
            replica.execute("INSERT INTO copies VALUES (?, ?, ?)", (checksum, song_id, known_by))


_RECORDERS = (
    "TABLE touched (song_id INTEGER, what TEXT)",
    "TABLE touched_copies (checksum TEXT)",
    "TRIGGER song_new AFTER INSERT ON main.songs BEGIN "
    "INSERT INTO touched VALUES (NEW.id, 'new'); END",
    "TRIGGER song_row AFTER UPDATE ON main.songs BEGIN "
    "INSERT INTO touched VALUES (NEW.id, 'row'); END",
    "TRIGGER song_gone AFTER DELETE ON main.songs BEGIN "
    "INSERT INTO touched VALUES (OLD.id, 'gone'); END",
    "TRIGGER copy_new AFTER INSERT ON main.copies BEGIN "
    "INSERT INTO touched_copies VALUES (NEW.checksum); END",
    "TRIGGER copy_gone AFTER DELETE ON main.copies BEGIN "
    "INSERT INTO touched_copies VALUES (OLD.checksum); END",
)
"""What notes changes, in the order in which it is made."""


@contextmanager
def recorded(replica: sqlite3.Connection) -> Iterator[None]:
    """Note what is changed inside in tables of the connection, for `push`."""
    for what in _RECORDERS:
        kind, rest = what.split(maxsplit=1)
        replica.execute(f"CREATE TEMP {kind} IF NOT EXISTS {rest}")
    for table in ("touched", "touched_copies"):  # what was recorded by this connection before
        replica.execute(f"DELETE FROM temp.{table}")
    yield


def push(truth: TruthConnection, replica: sqlite3.Connection) -> None:
    """Take to the truth what was `recorded` in a replica that lacked nothing before.

    Parameters
    ----------
    truth : TruthConnection
        In the transaction in which the copy was brought up to date, with the lock of `state_of`.
    replica : sqlite3.Connection
        In the same transaction as the changes.
    """
    touched = replica.execute("SELECT DISTINCT song_id, what FROM temp.touched").fetchall()
    gone, new, row = ([one for one, what in touched if what == kind] for kind in _KINDS)
    are_few = len(new) < COPIED_SONGS
    if not are_few:
        truth.execute("DELETE FROM songs WHERE id = ANY(%s)", (gone,))
        _copy_songs(truth, replica, new)
    with truth.pipeline():  # all in one message
        if are_few:
            truth.execute("DELETE FROM songs WHERE id = ANY(%s)", (gone,))
            _insert_songs(truth, replica, new)
        if new:
            truth.execute("UPDATE state SET last_id = greatest(last_id, %s)", (max(new),))
        _update_rows(truth, replica, set(row) - set(new))
        _push_copies(truth, replica)
    _set_position(replica, state_of(truth).position)


_KINDS = ("gone", "new", "row")

_SONG_TYPES = ["int8", "text", "text", "float8", "int8", "text", "text", "int2", "float8", "text"]
_SONG_TABLES = (
    ("songs", _COLUMNS, _SONG_TYPES),
    ("postings", "song_id, postings", ["int8", "bytea"]),
    ("constellations", "song_id, peaks", ["int8", "bytea"]),
)
"""Tables of a song, with their columns, the song's id first, and the types of these."""

COPIED_SONGS = 4
"""So many songs are copied in; fewer are inserted, which takes fewer messages."""


def _rows(
    replica: sqlite3.Connection, table: str, columns: str, song_ids: Sequence[int]
) -> sqlite3.Cursor:
    key, *_ = columns.split(", ")
    query = f"SELECT {columns} FROM {table} WHERE {key} {_AMONG}"
    return replica.execute(query, (json.dumps(song_ids),))


def _insert_songs(
    truth: TruthConnection, replica: sqlite3.Connection, song_ids: Sequence[int]
) -> None:
    """Write songs that are still there, whole, in the way that is fastest for few."""
    for table, columns, types in _SONG_TABLES:
        places = ", ".join("%b" if kind == "bytea" else "%s" for kind in types)
        command = f"INSERT INTO {table} ({columns}) VALUES ({places})".encode()
        for row in _rows(replica, table, columns, song_ids):
            truth.execute(command, row)


def _copy_songs(
    truth: TruthConnection, replica: sqlite3.Connection, song_ids: Sequence[int]
) -> None:
    """Write songs that are still there, whole, in the way that is fastest for many."""
    for table, columns, types in _SONG_TABLES:
        rows = _rows(replica, table, columns, song_ids)
        command = f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)"
        with truth.cursor() as cursor, cursor.copy(command.encode()) as stream:
            stream.set_types(types)
            for row in rows:
                stream.write_row(row)


def _update_rows(
    truth: TruthConnection, replica: sqlite3.Connection, song_ids: Iterable[int]
) -> None:
    asked = json.dumps(sorted(song_ids))
    columns = ", ".join(_UPDATED)
    rows = replica.execute(
        f"SELECT {columns}, id FROM songs WHERE id {_AMONG}", (asked,)
    ).fetchall()
    assignments = ", ".join(f"{column} = %s" for column in _UPDATED)
    for row in rows:
        truth.execute(f"UPDATE songs SET {assignments} WHERE id = %s".encode(), row)


def _push_copies(truth: TruthConnection, replica: sqlite3.Connection) -> None:
    touched = [
        checksum
        for (checksum,) in replica.execute("SELECT DISTINCT checksum FROM temp.touched_copies")
    ]
    if not touched:
        return
    held = replica.execute(
        f"SELECT checksum, song_id, known_by FROM copies WHERE checksum {_AMONG}",
        (json.dumps(touched),),
    ).fetchall()
    gone = list(set(touched) - {checksum for checksum, *_ in held})
    truth.execute("UPDATE copies SET song_id = NULL WHERE checksum = ANY(%s)", (gone,))
    for row in held:
        truth.execute(
            "INSERT INTO copies VALUES (%s, %s, %s, 0) ON CONFLICT (checksum) "
            "DO UPDATE SET song_id = EXCLUDED.song_id, known_by = EXCLUDED.known_by",
            row,
        )
