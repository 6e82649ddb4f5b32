"""Schema of an index in PostgreSQL, and how a database gets one.

It holds the truth that an SQLite file of segments holds, in tables of the same names and columns,
without what is derived. Postings and constellations, nearly all of the bytes, are partitioned by
song. Changes are numbered: every transaction that writes gets the next number, in the order of
commits, and leaves it on what it wrote, so that other machines can ask what came after the number
they know. Triggers see to that, whatever program writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.places import Address
from fpcore.profiles import MadeWith
from fpcore.store import schema
from fpcore.store.postgres.server import SCHEMA, PostgresServer, TruthConnection

VERSION = 1
"""Raised when tables change, or how something is written in them."""

N_PARTITIONS = 8
"""Partitions of postings and of constellations."""

SONG_COLUMNS = (
    "id",
    "name",
    "checksum",
    "duration_s",
    "n_fingerprints",
    "learned_at",
    "metadata",
    "complete",
    "stated_s",
    "fingerprint_checksum",
)
"""What both engines keep of a song in the table ``songs``."""

STEPS: Mapping[int, tuple[str, ...]] = {}
"""Version -> the statements that make its tables those of the next one."""

_TABLES = f"""
CREATE SCHEMA {SCHEMA};

CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);

CREATE TABLE songs (
  id bigint PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL UNIQUE,
  duration_s double precision NOT NULL,
  n_fingerprints bigint NOT NULL,
  learned_at text NOT NULL,
  metadata text NOT NULL,
  complete smallint NOT NULL DEFAULT 1 CHECK (complete IN (0, 1)),
  stated_s double precision,
  fingerprint_checksum text,
  changed bigint NOT NULL
);
CREATE INDEX songs_by_change ON songs(changed, id);

CREATE TABLE postings (
  song_id bigint PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE,
  postings bytea NOT NULL
) PARTITION BY HASH (song_id);
ALTER TABLE postings ALTER postings SET STORAGE EXTERNAL;

CREATE TABLE constellations (
  song_id bigint PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE,
  peaks bytea NOT NULL
) PARTITION BY HASH (song_id);
ALTER TABLE constellations ALTER peaks SET STORAGE EXTERNAL;

CREATE TABLE copies (
  checksum text PRIMARY KEY,
  song_id bigint REFERENCES songs(id) ON DELETE CASCADE,
  known_by text CHECK (known_by IN ('audio', 'whole')),
  changed bigint NOT NULL
);
CREATE INDEX copies_of_song ON copies(song_id);
CREATE INDEX copies_by_change ON copies(changed);

CREATE TABLE removed (song_id bigint PRIMARY KEY, changed bigint NOT NULL);
CREATE INDEX removed_by_change ON removed(changed);

CREATE TABLE changes (
  number bigint PRIMARY KEY,
  token uuid NOT NULL DEFAULT gen_random_uuid(),
  committed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO changes VALUES (0);

CREATE TABLE state (
  is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
  number bigint NOT NULL DEFAULT 0,
  last_id bigint NOT NULL DEFAULT 0
);
INSERT INTO state DEFAULT VALUES;

COMMENT ON TABLE changes IS 'every transaction that wrote; a restored backup has other tokens';
COMMENT ON TABLE removed IS 'songs that are gone, for machines that still have them';
COMMENT ON COLUMN songs.changed IS 'number of the transaction that wrote the row last';
COMMENT ON COLUMN copies.song_id IS 'NULL: no copy any more, for machines that have it as one';
COMMENT ON COLUMN state.last_id IS 'the highest id that was ever given to a song';
"""

_TRIGGERS = f"""
CREATE FUNCTION this_change() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE known text := current_setting('fpcore.change', true);
DECLARE new_number bigint;
BEGIN
  IF known <> '' THEN
    RETURN known::bigint;
  END IF;
  -- the lock on this row is held until the commit: numbers ascend in the order of commits
  UPDATE {SCHEMA}.state SET number = number + 1 RETURNING number INTO new_number;
  INSERT INTO {SCHEMA}.changes VALUES (new_number);
  PERFORM set_config('fpcore.change', new_number::text, true);
  RETURN new_number;
END $$;

CREATE FUNCTION number_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed := {SCHEMA}.this_change();
  RETURN NEW;
END $$;

CREATE FUNCTION note_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {SCHEMA}.removed VALUES (OLD.id, {SCHEMA}.this_change())
  ON CONFLICT (song_id) DO UPDATE SET changed = EXCLUDED.changed;
  RETURN NULL;
END $$;

CREATE FUNCTION refuse_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'other machines would not notice: use DELETE FROM songs';
END $$;

CREATE TRIGGER number_song BEFORE INSERT OR UPDATE ON songs
  FOR EACH ROW EXECUTE FUNCTION number_row();
CREATE TRIGGER number_copy BEFORE INSERT OR UPDATE ON copies
  FOR EACH ROW EXECUTE FUNCTION number_row();
CREATE TRIGGER note_removal AFTER DELETE ON songs
  FOR EACH ROW EXECUTE FUNCTION note_removal();
CREATE TRIGGER refuse_truncation BEFORE TRUNCATE ON songs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncation();
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """What tells an index from others: its configuration, and an identity given when it was made.

    A backup that was put back has the identity of the index that it is a backup of. ``made_with``
    is the profile that it keeps.
    """

    config: FingerprintConfig
    identity: str
    made_with: MadeWith | None = None


def holds_index(server: PostgresServer) -> bool:
    """Whether there is an index in the database."""
    with server.plain() as connection:
        return _has_tables(connection)


def prepare(
    server: PostgresServer,
    address: Address,
    config: FingerprintConfig | None,
    *,
    create: bool,
    made_with: MadeWith | None = None,
) -> Origin:
    """Make sure that a database holds an index of a configuration, of tables of today.

    Parameters
    ----------
    server : PostgresServer
        Connections to the database.
    address : Address
        What messages call it.
    config : FingerprintConfig or None
        The configuration that the index must have; None takes any.
    create : bool
        Make the tables when there are none, or bring those of an older version up to date; needs
        ``config``.
    made_with : MadeWith, optional
        The profile that a new index keeps.

    Returns
    -------
    Origin
        Of the index.

    Raises
    ------
    StoreError
        When there is no index, or one of a version that is not understood.
    ConfigMismatchError
        When it was made with another configuration than ``config``.
    """
    with server.plain() as connection:
        is_there = _has_tables(connection)
        meta = _meta_of(connection) if is_there else {}
    if not is_there:
        if not create or config is None:
            raise StoreError(f"{address} holds no index yet: learn some music into it first")
        meta = _create(server, address, config, made_with)
    if int(meta["version"]) in STEPS:
        meta = _bring_up_to_date(server)
    _check_version(meta, address)
    stored = schema.config_in(meta, address)
    schema.check_config(meta, address, stored=stored, wanted=config)
    return Origin(stored, meta["identity"], schema.profile_in(meta))


def _has_tables(connection: TruthConnection) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{SCHEMA}.meta",)).fetchone()
    return row is not None and bool(row[0])


def _meta_of(connection: TruthConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def keep_profile(server: PostgresServer, made_with: MadeWith) -> None:
    """Write the profile of an index, in place of any other that it had."""
    with server.writing() as connection, connection.cursor() as cursor:
        rows = list(schema.profile_rows(made_with).items())
        upsert = "ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value"
        cursor.executemany(f"INSERT INTO meta VALUES (%s, %s) {upsert}", rows)
        connection.execute("COMMIT")


def _create(
    server: PostgresServer,
    address: Address,
    config: FingerprintConfig,
    made_with: MadeWith | None,
) -> dict[str, str]:
    """Make the tables, unless another machine just did; return the table ``meta``."""
    with server.writing() as connection:
        if not _has_tables(connection):
            _check_encoding(connection, address)
            for statement in statements():
                connection.execute(statement)
            meta = schema.new_meta(config) | {"version": str(VERSION), "identity": uuid4().hex}
            if made_with is not None:
                meta |= schema.profile_rows(made_with)
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO meta VALUES (%s, %s)", list(meta.items()))
            connection.execute("COMMIT")
        return _meta_of(connection)


def statements() -> list[bytes]:
    """Return what makes the tables of an index, in one transaction."""
    partitions = [
        f"CREATE TABLE {table}_{n} PARTITION OF {table} "
        f"FOR VALUES WITH (MODULUS {N_PARTITIONS}, REMAINDER {n})"
        for table in ("postings", "constellations")
        for n in range(N_PARTITIONS)
    ]
    return [text.encode() for text in (_TABLES, *partitions, _TRIGGERS)]


def _check_encoding(connection: TruthConnection, address: Address) -> None:
    """Refuse a database that could not hold every name."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"{address} keeps texts as {encoding}: make a database with the encoding UTF8"
        )


def _bring_up_to_date(server: PostgresServer) -> dict[str, str]:
    """Give an index of an older version the tables of today, in one transaction."""
    with server.writing() as connection:
        # Another machine may have been faster.
        while (version := int(_meta_of(connection)["version"])) in STEPS:
            for statement in STEPS[version]:
                connection.execute(statement.encode())
            text = str(version + 1)
            connection.execute("UPDATE meta SET value = %s WHERE key = 'version'", (text,))
        connection.execute("COMMIT")
        return _meta_of(connection)


def _check_version(meta: Mapping[str, str], address: Address) -> None:
    version = int(meta["version"])
    if version != VERSION:
        raise StoreError(
            f"{address} has tables of version {version}, this fpcore knows {VERSION}: use the "
            "version of fpcore that made it, or a newer one"
        )
