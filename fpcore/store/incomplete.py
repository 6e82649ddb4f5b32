"""Incomplete songs, of recordings that were cut off or damaged, and whole copies of them.

The part is known by its peaks: those of a whole copy with the same audio have the same places, but
for the last second before the cut, where the part ends in silence. Another encoding of the same
music moves a fifth to a half of them. Of other music no more than a fiftieth falls on them (five
soundtracks, five codecs).

A whole copy from elsewhere must have the same audio. It must also have the length that the part
states or, when that states none, its name: pieces may begin alike, such as episodes by their theme.
A part may lack the tags, which stand at the end of some files: then its file must be called alike.
What lies at the path of the part may be another encoding.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.places import Place
from fpcore.records import BoolArray, Constellation
from fpcore.store import derived_names, song_rows
from fpcore.store.base import Added, NewSong, Song
from fpcore.store.batch import Batch
from fpcore.store.codec import decode_constellation

LEAST_SHARE = 0.95
"""So many of the peaks of a part are in a whole copy of it that was found elsewhere."""

LEAST_SHARE_AT_PATH = 0.5
"""So many are in one that was found at the path of the part."""

LEAST_PEAKS = 20
"""With fewer a part is too short to be known."""

_END_S = 1.0
"""So much before the end of a part counts for nothing, and lengths may differ by as much."""

_INCOMPLETE = "SELECT id FROM songs WHERE complete = 0 ORDER BY id"
_COMPLETE = """
SELECT id FROM (
  SELECT *, iif(json_valid(metadata), json_extract(metadata, '$.source'), NULL) AS source
  FROM songs
) WHERE complete = 1 AND (
  name IN (?1, ?5) OR abs(duration_s - ?2) <= ?3 OR source = ?4
  OR instr(source, '/' || ?5 || '.') > 0) ORDER BY id
"""


def parts_of(
    connection: sqlite3.Connection,
    batch: Batch,
    number: int,
    *,
    path: Place,
    config: FingerprintConfig,
) -> tuple[Song, ...]:
    """Return the incomplete songs of an index whose place a song that is added must take.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    batch : Batch
        The songs that are added.
    number : int
        Which of them, from 0.
    path : Place
        What messages call the database.
    config : FingerprintConfig
        The configuration of the index.

    Returns
    -------
    tuple of Song
        By ascending id; none for a song that is incomplete itself.
    """
    new = batch.songs[number]
    if new.cut is not None:
        return ()
    whole = decode_constellation(batch.constellations[number])
    ids = [song_id for (song_id,) in connection.execute(_INCOMPLETE).fetchall()]
    return tuple(
        part
        for part in _readable(connection, ids, path)
        if _is_whole(part, new, config, _peaks(connection, part.id), whole)
    )


def whole_of(
    connection: sqlite3.Connection,
    batch: Batch,
    number: int,
    *,
    path: Place,
    config: FingerprintConfig,
) -> Added | None:
    """Return the complete song of an index of which one that is added is a part, or None.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that sees one state of the index.
    batch : Batch
        The songs that are added.
    number : int
        Which of them, from 0.
    path : Place
        What messages call the database.
    config : FingerprintConfig
        The configuration of the index.

    Returns
    -------
    Added or None
        The first such song, known ``whole``; None for a song that is complete itself.
    """
    new = batch.songs[number]
    if new.cut is None:
        return None
    part = decode_constellation(batch.constellations[number])
    source = new.metadata.get("source")
    at = source if isinstance(source, str) else None
    like = new.name, new.cut.stated_s, _END_S, at, derived_names.file_name(new)
    ids = [song_id for (song_id,) in connection.execute(_COMPLETE, like).fetchall()]
    for song in _readable(connection, ids, path):
        if _is_whole(new, song, config, part, _peaks(connection, song.id)):
            return Added(song, created=False, known_by="whole")
    return None


def in_place_of(new: NewSong, part: Song) -> NewSong:
    """Return a whole copy under what was known of its part: its metadata, and a name it was given.

    A name that the whole copy itself was given comes before that.
    """
    kept = {key: value for key, value in part.metadata.items() if key != "source"}
    kept.pop(derived_names.MARK, None)
    metadata = {**kept, **new.metadata}
    if derived_names.is_derived(new) and not derived_names.is_derived(part):
        given = derived_names.marked_as_given(part.name, metadata)
        return replace(new, name=part.name, metadata=given)
    return replace(new, metadata=metadata)


def _readable(connection: sqlite3.Connection, ids: Iterable[int], path: Place) -> Iterator[Song]:
    """Yield songs, but for those whose rows are damaged."""
    for song_id in ids:
        with suppress(StoreError):
            yield song_rows.get(connection, song_id, path)


def _peaks(connection: sqlite3.Connection, song_id: int) -> bytes | None:
    row = connection.execute(
        "SELECT peaks FROM constellations WHERE song_id = ?", (song_id,)
    ).fetchone()
    return None if row is None else row[0]


def _is_whole(
    part: NewSong | Song,
    whole: NewSong | Song,
    config: FingerprintConfig,
    part_peaks: Constellation | bytes | None,
    whole_peaks: Constellation | bytes | None,
) -> bool:
    """Whether one song is a whole copy of another one, which is incomplete."""
    if part.cut is None or whole.duration_s < part.duration_s - _END_S:
        return False
    source = part.metadata.get("source")
    is_at_path = source is not None and source == whole.metadata.get("source")
    if not is_at_path and not _may_be_elsewhere(part, whole):
        return False
    try:
        before, after = _decoded(part_peaks), _decoded(whole_peaks)
    except (StoreError, ValueError):  # a check tells of it
        return False
    counts = before.paired & (before.frame * config.hop_s < part.duration_s - _END_S)
    if int(counts.sum()) < LEAST_PEAKS:
        return False
    share = float(_is_in(before, after)[counts].mean())
    return share >= (LEAST_SHARE_AT_PATH if is_at_path else LEAST_SHARE)


def _may_be_elsewhere(part: NewSong | Song, whole: NewSong | Song) -> bool:
    """Whether a song that was not found at the path of a part may be a whole copy of it."""
    stated_s = None if part.cut is None else part.cut.stated_s
    if stated_s is None:
        return derived_names.are_alike(part, whole)
    return abs(whole.duration_s - stated_s) <= _END_S


def _decoded(peaks: Constellation | bytes | None) -> Constellation:
    if peaks is None:
        raise ValueError("there is no constellation")
    return decode_constellation(peaks) if isinstance(peaks, bytes) else peaks


def _is_in(some: Constellation, others: Constellation) -> BoolArray:
    """Return which of some peaks have a peak at the same place among others, bool (n,)."""
    n_bins = 1 + max(some.bin.max(initial=0), others.bin.max(initial=0))
    places = [one.frame.astype(np.int64) * n_bins + one.bin for one in (some, others)]
    found: BoolArray = np.isin(*places)
    return found
