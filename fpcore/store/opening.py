"""Opening of an index wherever it lies: in a file, or in a database of a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from fpcore.config import FingerprintConfig
from fpcore.errors import StoreError
from fpcore.places import Address, Place, place_of
from fpcore.store.layout import LayoutName
from fpcore.store.sqlite import SqliteStore, open_file


def open_store(
    place: str | Place,
    config: FingerprintConfig | None,
    *,
    create: bool = False,
    layout: LayoutName | None = None,
    busy_timeout_s: float = 30.0,
) -> SqliteStore:
    """Open an index.

    Nothing that exists is deleted by opening it, or changed, but for the tables of an index of the
    version before, which are brought up to date. One on a read-only disk, or whose file or folder
    we may not write to, can be read.

    Parameters
    ----------
    place : str, Path or Address
        The database file, or the address of a PostgreSQL database, ``postgresql://…``.
    config : FingerprintConfig or None
        The configuration that the index must have; None takes whatever it was made with.
    create : bool
        Make a new index when there is none in the database; needs ``config``.
    layout : {"classic", "segments"}, optional
        How a new index keeps its postings; without, in segments unless its tokens are texts, which
        only the classic layout shows. An index that is there stays as it is.
    busy_timeout_s : float
        Seconds that a write waits for other writers.

    Returns
    -------
    SqliteStore
        To be closed by the caller.

    Raises
    ------
    StoreError
        When the database cannot be used as an index; the sentence says why.
    ConfigMismatchError
        When it was made with another configuration; the sentence lists the differences.
    ValueError
        When a new index is wanted without a configuration.
    """
    place = _place_of(place)
    if isinstance(place, Path):
        return open_file(place, config, create=create, layout=layout, busy_timeout_s=busy_timeout_s)
    if layout == "classic":
        raise StoreError(f"{place} cannot have the classic layout: make such an index in a file")
    from fpcore.store.postgres import open_address

    return open_address(place, config, create=create, busy_timeout_s=busy_timeout_s)


def holds_something(place: str | Place) -> bool:
    """Whether there is something in a database; what cannot be read is left to `open_store`."""
    place = _place_of(place)
    if isinstance(place, Address):
        from fpcore.store.postgres import holds_index

        return holds_index(place)
    try:
        return place.stat().st_size > 0
    except OSError:
        return False


def _place_of(text: str | Place) -> Place:
    try:
        return place_of(text)
    except ValueError as error:
        raise StoreError(str(error)) from None
