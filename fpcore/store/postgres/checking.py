"""Problems that an index in PostgreSQL can have, and how they are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fpcore.config import ALGORITHM_VERSION, FingerprintConfig
from fpcore.errors import StoreError
from fpcore.store.checksums import fingerprint_checksum
from fpcore.store.codec import decode_constellation, decode_postings
from fpcore.store.postgres.server import TruthConnection
from fpcore.store.song_rows import remedy

_N_ROWS = 100
"""Songs that are read at a time."""

_CONTENTS = """
SELECT id, name, fingerprint_checksum, postings, peaks FROM songs
JOIN postings ON postings.song_id = id JOIN constellations ON constellations.song_id = id
WHERE id > %s ORDER BY id LIMIT %s
"""


def problems(truth: TruthConnection, config: FingerprintConfig, *, full: bool) -> Iterator[str]:
    """Yield a sentence for each problem of the truth.

    Parameters
    ----------
    truth : TruthConnection
        In a transaction that sees one state.
    config : FingerprintConfig
        The configuration of the index.
    full : bool
        Also compare each posting and peak with what was learned, which reads all.

    Yields
    ------
    str
        Nothing when all is well.
    """
    yield from _digest(truth, config)
    for table in ("postings", "constellations"):
        query = f"SELECT id FROM songs LEFT JOIN {table} ON song_id = id WHERE song_id IS NULL"
        for (song_id,) in truth.execute(query.encode()):
            yield f"song {song_id} has no row in {table} in PostgreSQL: {remedy(song_id)}"
    if full:
        yield from _contents(truth)


def _digest(truth: TruthConnection, config: FingerprintConfig) -> Iterator[str]:
    meta: dict[str, str] = dict(truth.execute("SELECT key, value FROM meta").fetchall())
    same_algorithm = meta.get("algorithm_version") == str(ALGORITHM_VERSION)
    if same_algorithm and meta.get("digest") != config.digest:
        yield (
            f"the digest in PostgreSQL is {meta.get('digest')}, that of the configuration "
            f"{config.digest}"
        )


def _contents(truth: TruthConnection) -> Iterator[str]:
    last_id = -1
    while rows := truth.execute(_CONTENTS, (last_id, _N_ROWS)).fetchall():
        yield from filter(None, map(_fault, rows))
        last_id = rows[-1][0]


def _fault(row: tuple[Any, ...]) -> str | None:
    song_id, name, checksum, postings, peaks = row
    try:
        found = fingerprint_checksum(*decode_postings(postings), decode_constellation(peaks))
    except (ValueError, StoreError) as error:
        return f'song {song_id}, "{name}", in PostgreSQL: {error}: {remedy(song_id)}'
    if checksum is not None and checksum != found:
        return (
            f'song {song_id}, "{name}": its postings or its constellation in PostgreSQL are not '
            f"those that were learned: {remedy(song_id)}"
        )
    return None
