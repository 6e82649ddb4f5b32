"""Schema of an SQLite index: its tables, how a file becomes one, and how to tell one from others.

A file is an index when its ``application_id`` is ours; ``user_version`` is the version of
these tables, and the table ``meta`` names the configuration that all postings were made with.
An index whose tables are of the version before gets those of today when it is opened.
The comments inside the statements are kept by SQLite and shown by ``.schema``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from fpcore.config import ALGORITHM_VERSION, FingerprintConfig, diff, parse
from fpcore.errors import ConfigError, ConfigMismatchError, StoreError
from fpcore.places import Place
from fpcore.store.connections import transaction
from fpcore.store.layout import LayoutName

APPLICATION_ID = int.from_bytes(b"fpco", "big")
"""PRAGMA application_id of every index."""

VERSIONS: Mapping[LayoutName, int] = {"classic": 3, "segments": 4}
"""Layout -> PRAGMA user_version: raised when tables change, or how something is written in them."""

OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite with STRICT tables."""

_PAGE_BYTES = 8192

_TABLES = """
CREATE TABLE meta (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE songs (
  -- AUTOINCREMENT: the id of a removed song never comes to mean another one
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL UNIQUE,  -- of the content: the same again is the same song
  duration_s REAL NOT NULL,
  n_fingerprints INTEGER NOT NULL,
  learned_at TEXT NOT NULL,  -- ISO 8601, UTC
  metadata TEXT NOT NULL,  -- JSON object
  -- 0: of a recording that is cut off; duration_s is what there was of it
  complete INTEGER NOT NULL DEFAULT 1 CHECK (complete IN (0, 1)),
  stated_s REAL,  -- the length that such a recording states; NULL: none
  fingerprint_checksum TEXT  -- of postings and constellation; NULL: learned before there were any
) STRICT;

CREATE INDEX songs_by_fingerprint ON songs(fingerprint_checksum, n_fingerprints);

CREATE INDEX songs_by_name ON songs(name);

CREATE INDEX songs_incomplete ON songs(id) WHERE complete = 0;

CREATE TABLE constellations (
  song_id INTEGER PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE,
  peaks BLOB NOT NULL
) STRICT;
"""

_COPIES = """
CREATE TABLE copies (
  checksum TEXT PRIMARY KEY NOT NULL,  -- of a file that was not learned, for it is of the song
  song_id INTEGER NOT NULL REFERENCES songs(id) ON DELETE CASCADE,
  -- audio: the same under other tags or in another container; whole: the song has all of it
  known_by TEXT NOT NULL CHECK (known_by IN ('audio', 'whole'))
) STRICT, WITHOUT ROWID;

CREATE INDEX copies_of_song ON copies(song_id);

CREATE TRIGGER copies_delete BEFORE DELETE ON songs BEGIN
  -- ON DELETE CASCADE in any client, with foreign keys on or off
  DELETE FROM copies WHERE song_id = OLD.id;
END;
"""

_CLASSIC = """
CREATE TABLE fingerprints (
  hash_token {token_type} NOT NULL,  -- {token_comment}
  song_id INTEGER NOT NULL,  -- cascade: trigger songs_delete, see there
  absolute_time INTEGER NOT NULL,  -- frame of the anchor peak
  -- clustered: a look-up reads this one tree, and no index repeats its content
  PRIMARY KEY (hash_token, song_id, absolute_time)
) STRICT, WITHOUT ROWID;

CREATE TABLE song_tokens (
  song_id INTEGER PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE,
  -- JSON array of the song's distinct packed tokens, ascending, each as the difference to the
  -- one before: a running sum gives the tokens under which its fingerprints stand
  tokens TEXT NOT NULL
) STRICT;

CREATE TRIGGER songs_delete BEFORE DELETE ON songs BEGIN
  -- ON DELETE CASCADE for fingerprints. A foreign key there would read the whole table for
  -- each song removed, and an index on song_id would nearly double it (such an index repeats
  -- the primary key). song_tokens says where the rows are, for a quarter of that. Works in any
  -- client, with foreign keys on or off.
  DELETE FROM fingerprints WHERE song_id = OLD.id AND hash_token IN (
    SELECT {token_of_sum} FROM (
      SELECT sum(value) OVER (ORDER BY key) AS token
      FROM json_each((SELECT tokens FROM song_tokens WHERE song_id = OLD.id))));
  DELETE FROM song_tokens WHERE song_id = OLD.id;
  DELETE FROM constellations WHERE song_id = OLD.id;
END;

CREATE VIEW fingerprints_text AS
  SELECT {text_of_token} AS hash_text, song_id, absolute_time FROM fingerprints;
"""

_SEGMENTS = """
CREATE TABLE postings (
  song_id INTEGER PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE,
  postings BLOB NOT NULL  -- tokens and frames, compressed; look-ups read files beside the database
) STRICT;

CREATE TABLE song_keys (
  song_id INTEGER PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE,
  key INTEGER NOT NULL  -- names the content of the song in the files beside the database
) STRICT;

CREATE TRIGGER songs_delete BEFORE DELETE ON songs BEGIN
  -- ON DELETE CASCADE in any client, with foreign keys on or off
  DELETE FROM postings WHERE song_id = OLD.id;
  DELETE FROM song_keys WHERE song_id = OLD.id;
  DELETE FROM constellations WHERE song_id = OLD.id;
END;

CREATE TRIGGER song_keys_insert AFTER INSERT ON song_keys BEGIN
  -- whoever has the index open sees by this value that songs have come or gone, whoever did it
  UPDATE meta SET value = hex(randomblob(8)) WHERE key = 'songs_state';
END;

CREATE TRIGGER song_keys_update AFTER UPDATE ON song_keys BEGIN
  UPDATE meta SET value = hex(randomblob(8)) WHERE key = 'songs_state';
END;

CREATE TRIGGER song_keys_delete AFTER DELETE ON song_keys BEGIN
  UPDATE meta SET value = hex(randomblob(8)) WHERE key = 'songs_state';
END;
"""

_STEPS = {
    2: (
        "ALTER TABLE songs ADD COLUMN complete INTEGER NOT NULL DEFAULT 1 "
        "CHECK (complete IN (0, 1))",
        "ALTER TABLE songs ADD COLUMN stated_s REAL",
        "ALTER TABLE songs ADD COLUMN fingerprint_checksum TEXT",
        "CREATE INDEX songs_by_fingerprint ON songs(fingerprint_checksum, n_fingerprints)",
    ),
}
"""Version -> the statements that make its tables those of the next one. They must be fast."""

_READ_AS = {
    2: "SELECT *, 1 AS complete, NULL AS stated_s, NULL AS fingerprint_checksum FROM main.songs",
}
"""Version -> its table ``songs`` with the columns of today, for a file that can only be read."""


def statements(config: FingerprintConfig, layout: LayoutName) -> list[str]:
    """Return the statements that make the tables of an index of ``config`` in a layout."""
    readable = token_text_sql("token", config)
    if config.token == "text":
        parts = {
            "token_type": "TEXT",
            "token_comment": "f1|f2|dt: FFT bins from 0 Hz, frames",
            "token_of_sum": readable,
            "text_of_token": "hash_token",
        }
    else:
        parts = {
            "token_type": "INTEGER",
            "token_comment": "packed; readable in fingerprints_text",
            "token_of_sum": "token",
            "text_of_token": token_text_sql("hash_token", config),
        }
    own = _SEGMENTS if layout == "segments" else _CLASSIC.format(**parts)
    return _split(_TABLES + _COPIES + own)


POSTINGS = "postings"
"""The table of postings in rows. One in an index of the classic layout is of a conversion."""


def statements_of_conversion() -> tuple[str, list[str]]:
    """Return what makes the table `POSTINGS`, and then segments of the classic layout.

    The other tables of both layouts are the same. In between there must be a row of postings for
    each song.
    """
    first, *others = _split(_SEGMENTS)
    drops = ("TRIGGER songs_delete", "VIEW fingerprints_text", "TABLE fingerprints")
    return first, [*(f"DROP {what}" for what in (*drops, "TABLE song_tokens")), *others]


def _split(script: str) -> list[str]:
    """Return the statements of a script."""
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement.strip())
            statement = ""
    return found


_LATER = {
    "songs_by_name": "CREATE INDEX songs_by_name ON songs(name)",
    "songs_incomplete": "CREATE INDEX songs_incomplete ON songs(id) WHERE complete = 0",
    **dict(zip(("copies", "copies_of_song", "copies_delete"), _split(_COPIES), strict=True)),
}
"""Name -> statement of what came later without a new version: the songs that share a name, those
that are incomplete, and copies. An index in a file that can only be read may lack them."""

_NO_COPIES = "SELECT '' AS checksum, 0 AS song_id, '' AS known_by WHERE FALSE"
"""The table ``copies`` of a file that can only be read and has none."""


def token_text_sql(column: str, config: FingerprintConfig) -> str:
    """Return the SQL of the readable form of a packed token, as `fpcore.stages.hashing.to_text` has
    it.
    """
    n_bins, n_deltas, first = config.n_bins, config.max_delta_frames + 1, config.first_bin
    return (
        f"({column} / {n_bins * n_deltas} + {first}) || '|' || "
        f"({column} / {n_deltas} % {n_bins} + {first}) || '|' || ({column} % {n_deltas})"
    )


def prepare(
    connection: sqlite3.Connection,
    path: Path,
    config: FingerprintConfig | None,
    *,
    create: LayoutName | None,
) -> FingerprintConfig:
    """Make sure that a connection is to an index of a configuration; return its configuration.

    Only an empty database is made one, and only with ``create``. One with older tables is brought
    up to date, after all else was checked.

    Parameters
    ----------
    connection : sqlite3.Connection
        Outside any transaction.
    path : Path
        What messages call the database.
    config : FingerprintConfig or None
        The configuration that the index must have; None takes any.
    create : {"classic", "segments"} or None
        Make the tables of this layout when the database is empty.

    Returns
    -------
    FingerprintConfig
        The configuration that the index was made with.

    Raises
    ------
    StoreError
        When it is empty and not to be created, or belongs to another application or to a
        newer or a very old version.
    ConfigMismatchError
        When it was made with another configuration than ``config``.
    """
    if create and config is not None and _is_empty(connection):
        _create(connection, config, create)
    check_is_index(connection, path)
    meta = stored_meta(connection)
    stored = config_in(meta, path)
    check_config(meta, path, stored=stored, wanted=config)
    can_write = not _pragma(connection, "query_only")
    if can_write and connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
    bring_up_to_date(connection)
    return stored


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give an index of the version before the tables of today; do nothing with any other database.

    It takes one short transaction, whatever the size of the index: a kill leaves the old tables or
    the new ones. A program of the older version that has the index open goes on using it. A file
    that can only be read stays as it is, and looks to this connection as if it had them.

    Parameters
    ----------
    connection : sqlite3.Connection
        Outside any transaction.
    """
    if _pragma(connection, "query_only"):
        _read_as_today(connection)
        return
    if _pragma(connection, "user_version") not in _STEPS and not _lacking(connection):
        return
    with transaction(connection):
        # Another program may have been faster.
        while (version := _pragma(connection, "user_version")) in _STEPS:
            for statement in _STEPS[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        for name in _lacking(connection):
            connection.execute(_LATER[name])


def _read_as_today(connection: sqlite3.Connection) -> None:
    """Put views in the place of tables that lack columns of today, or are not there."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        return
    views = {"songs": _READ_AS.get(_pragma(connection, "user_version"))}
    views["copies"] = None if "copies" in _names(connection) else _NO_COPIES
    connection.execute("PRAGMA query_only = OFF")  # views are in memory
    for name, content in views.items():
        if content is not None:
            connection.execute(f"CREATE TEMP VIEW IF NOT EXISTS {name} AS {content}")
    connection.execute("PRAGMA query_only = ON")


def _lacking(connection: sqlite3.Connection) -> list[str]:
    """Return what of `_LATER` an index of today's tables lacks, made before there was any."""
    is_of_today = _pragma(connection, "user_version") in VERSIONS.values()
    if not is_of_today or _pragma(connection, "application_id") != APPLICATION_ID:
        return []
    found = _names(connection)
    return [name for name in _LATER if name not in found]


def _names(connection: sqlite3.Connection) -> set[str]:
    """Return the names of tables, indexes, triggers and views in a file."""
    return {name for (name,) in connection.execute("SELECT name FROM main.sqlite_master")}


def layout_of(connection: sqlite3.Connection) -> LayoutName:
    """Return the layout of an index that `prepare` was given."""
    version = _pragma(connection, "user_version")
    return "segments" if version == VERSIONS["segments"] else "classic"


def check_is_index(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse, by a `StoreError`, a database that is no index or of a version not understood."""
    if _is_empty(connection):
        raise StoreError(f"{path} holds no index yet: learn some music into it first")
    _check_owner(connection, path)


def check_digest(connection: sqlite3.Connection, path: Path, digest: str) -> None:
    """Refuse an index that has been replaced by one of another configuration.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the database as it is now.
    path : Path
        What messages call the database.
    digest : str
        The digest that the index had when it was opened.

    Raises
    ------
    ConfigMismatchError
        When it has another digest now.
    """
    if stored_meta(connection).get("digest", "") != digest:
        raise ConfigMismatchError(
            f"{path} was indexed again under another profile while it was in use here: open it "
            "again, under that profile"
        )


def _is_empty(connection: sqlite3.Connection) -> bool:
    (n_objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return n_objects == 0 and _pragma(connection, "application_id") == 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _create(connection: sqlite3.Connection, config: FingerprintConfig, layout: LayoutName) -> None:
    """Write tables and meta data into an empty database, unless another process just did."""
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    with transaction(connection):
        if not _is_empty(connection):
            return
        for statement in statements(config, layout):
            connection.execute(statement)
        meta = new_meta(config)
        if layout == "segments":
            meta["songs_state"] = ""
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSIONS[layout]}")


def new_meta(config: FingerprintConfig) -> dict[str, str]:
    """Return what the table ``meta`` of a new index says of its configuration and its origin."""
    return {
        "digest": config.digest,
        "config": canonical_json(config),
        "algorithm_version": str(ALGORITHM_VERSION),
        "created_at": now(),
        "package_version": _package_version(),
    }


def canonical_json(config: FingerprintConfig) -> str:
    """Return the configuration as it is stored in ``meta``."""
    return json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def now() -> str:
    """Return the time of the clock in ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _package_version() -> str:
    try:
        return metadata.version("fpworkbench")
    except metadata.PackageNotFoundError:
        return "not installed"


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another application: give the path of an index")
    version, newest = _pragma(connection, "user_version"), max(VERSIONS.values())
    if version not in VERSIONS.values() and version not in _STEPS:
        remedy = (
            "use the version of fpcore that made it, or a newer one"
            if version > newest
            else "learn its songs into a new database, or use the version of fpcore that made it"
        )
        raise StoreError(
            f"{path} has tables of version {version}, this fpcore knows {newest}: {remedy}"
        )


def stored_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the table ``meta``."""
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def config_in(meta: Mapping[str, str], path: Place) -> FingerprintConfig:
    """Return the configuration that an index was made with, by its table ``meta``."""
    try:
        return parse(FingerprintConfig, meta["config"], source="its configuration")
    except (KeyError, ConfigError) as error:
        raise StoreError(
            f"{path} was made with a configuration that this fpcore cannot read ({error}): "
            "use the version of fpcore that made it, or index its songs again: "
            "`fpcore reindex --profile NAME`"
        ) from None


def check_config(
    meta: Mapping[str, str],
    path: Place,
    *,
    stored: FingerprintConfig,
    wanted: FingerprintConfig | None,
) -> None:
    """Refuse an index whose hashes differ from those that this program makes for ``wanted``.

    Parameters
    ----------
    meta : mapping of str to str
        The table ``meta`` of the index.
    path : Place
        What messages call the database.
    stored : FingerprintConfig
        The configuration in it.
    wanted : FingerprintConfig or None
        The one that it must be; None takes any.

    Raises
    ------
    ConfigMismatchError
        When it is another one.
    StoreError
        When the digest does not belong to it.
    """
    algorithm = meta.get("algorithm_version")
    differences = [
        f"{key} is {before!r} there and {after!r} here"
        for key, (before, after) in diff(stored, wanted or stored).items()
    ]
    if algorithm != str(ALGORITHM_VERSION):
        differences.append(f"algorithm version {algorithm} there, {ALGORITHM_VERSION} here")
    if differences:
        raise ConfigMismatchError(
            f"{path} was made with another configuration ({'; '.join(differences)}): use the "
            "profile that it was made with, or index its songs again under the one that you want: "
            "`fpcore reindex --profile NAME`"
        )
    if wanted is not None and meta.get("digest") != wanted.digest:
        raise StoreError(
            f"{path} is damaged, its digest does not belong to its configuration: "
            "run `fpcore check` on it and restore a backup"
        )
