"""Options that several commands share, and the library or store that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from fpcore.places import Address, Place, place_of

if TYPE_CHECKING:
    from fpcore.library import Library
    from fpcore.store import Store

DEFAULT_DATABASE = Path("music_recognition.db")


def _place(text: str | Place) -> Place:
    """Return what an option names, or refuse it as one that is not valid."""
    try:
        return place_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


if TYPE_CHECKING:
    _Given: TypeAlias = Place
else:
    _Given = str  # Typer takes no union; what an option becomes is up to its parser

Database = Annotated[
    _Given,
    typer.Option(
        "--db",
        envvar="FPCORE_DB",
        metavar="FILE|URL",
        parser=_place,
        help="The database with the songs that were learned: a file, or postgresql://…, a database "
        "of a PostgreSQL server.",
    ),
]

ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        envvar="FPCORE_PROFILE",
        metavar="NAME|FILE",
        help="The profile to use. Without it: the one that the database was made with, and "
        "'balanced' for a new database.",
    ),
]

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        max=1024,
        metavar="N",
        help="Processes that decode; one for each core if unset.",
    ),
]

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]

WaitS = Annotated[
    float,
    typer.Option(
        "--wait",
        min=0.0,
        max=86_400.0,
        metavar="SECONDS",
        help="How long to wait while another program writes to the database.",
    ),
]

DEFAULT_WAIT_S = 30.0


def open_library(
    database: Place,
    profile_name: str | None,
    *,
    create: bool = False,
    wait_s: float = DEFAULT_WAIT_S,
) -> Library:
    """Open a database under a profile.

    Parameters
    ----------
    database : Place
        The file, or the address.
    profile_name : str or None
        A profile's name or file; None takes the one that the database was made with.
    create : bool
        Make the database when it is not there.
    wait_s : float
        Seconds to wait while another program writes.

    Returns
    -------
    Library
        To be closed by the caller.

    Raises
    ------
    ConfigError
        When the profile cannot be read or is not the one of the database.
    StoreError
        When the database cannot be used.
    """
    from fpcore.library import Library

    if not create:
        require(database)
    return Library.open(database, profile_name, create=create, busy_timeout_s=wait_s)


def open_existing(database: Place, *, wait_s: float = DEFAULT_WAIT_S) -> Store:
    """Open the store in a database that must be there, whatever its profile.

    Raises
    ------
    StoreError
        When it is not there or cannot be used.
    """
    from fpcore.store import open_store

    require(database)
    return open_store(database, None, busy_timeout_s=wait_s)


def require(database: Place) -> None:
    """Refuse a database that is not there, with the command that makes one."""
    from fpcore.errors import StoreError

    if isinstance(database, Address):  # which tells itself what is not there
        return
    try:
        database.stat()
    except FileNotFoundError:
        raise StoreError(
            f"there is no database {database}: make it with `fpcore learn PATHS…` first, or "
            "name another one with --db"
        ) from None


def file_of(database: Place, command: str) -> Path:
    """Return the file of a database for a command that works on files alone.

    Raises
    ------
    StoreError
        When it is no file.
    """
    from fpcore.errors import StoreError

    if isinstance(database, Address):
        raise StoreError(
            f"`fpcore {command}` works on files, not on {database}: learn the music into a new "
            "database under the wanted profile, and use that"
        )
    return database
