"""Places of indexes: a file, or a database of a PostgreSQL server, and what messages call them.

The address of a server may hold a password, so what is shown of it leaves that out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

_SCHEMES = ("postgresql://", "postgres://")
_PARTS = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<server>[^/?#@]*)(?:/(?P<database>[^/?#]*))?(?:\?(?P<options>[^#]*))?"
)
_SECRETS = ("password", "sslpassword", "passfile")


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a PostgreSQL database, ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``.

    As text it is shown without password and options.

    Parameters
    ----------
    url : str
        What the PostgreSQL library is given. Of what it leaves out, such as the password, that
        library asks the environment (``PGPASSWORD``) and the user's file ``.pgpass``.

    Raises
    ------
    ValueError
        When it is not of this form; what it is, is not repeated.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _PARTS.fullmatch(self.url) or "\0" in self.url:
            raise ValueError(
                "this is not the address of a PostgreSQL database: write "
                "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and what is neither letter nor "
                "digit in one of these as %XX"
            )

    def __str__(self) -> str:
        parts = self._parts()
        user = f"{parts['user']}@" if parts["user"] else ""
        return f"postgresql://{user}{parts['server'] or ''}/{parts['database'] or ''}"

    def _parts(self) -> dict[str, str | None]:
        found = _PARTS.fullmatch(self.url)
        return found.groupdict() if found else {}

    @property
    def database(self) -> str:
        """The name of the database, empty when it is left to the server's default."""
        return unquote(self._parts()["database"] or "")

    @property
    def folder_name(self) -> str:
        """A name for a folder of what belongs to this database, whoever the user is."""
        parts = self._parts()
        place = f"{parts['server'] or ''}/{parts['database'] or ''}"
        readable = re.sub(r"[^A-Za-z0-9.-]+", "-", place).strip("-.")[:60]
        # Options may name another host or database.
        identity = f"{place}?{parts['options'] or ''}"
        return f"{readable or 'local'}-{sha256(identity.encode()).hexdigest()[:12]}"

    def without_secrets(self, text: str) -> str:
        """Return a text, such as a message of the PostgreSQL library, with passwords left out."""
        parts = self._parts()
        options = [part.partition("=") for part in (parts["options"] or "").split("&")]
        secrets = [parts["password"], *(value for key, _, value in options if key in _SECRETS)]
        for secret in filter(None, secrets):
            for form in (secret, unquote(secret)):
                text = text.replace(form, "***")
        return text


Place: TypeAlias = Path | Address
"""Where an index lies."""


def place_of(text: str | Path | Address) -> Place:
    """Return where an index lies: at an address if the text begins like one, else in a file.

    Raises
    ------
    ValueError
        When it begins like an address and is none.

    >>> str(place_of("postgresql://me:secret@db.example/music"))
    'postgresql://me@db.example/music'
    """
    if isinstance(text, str) and text.startswith(_SCHEMES):
        return Address(text)
    return text if isinstance(text, Address) else Path(text)
