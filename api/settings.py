"""Settings of the service, read from its environment: paths, limits and keys.

Every variable is named ``FPAPI_`` and the upper-case name of a field of `Settings`. Nothing is
read when a module is imported. A variable that no field has is refused, so that a misspelt name
does not silently leave a default in force. A variable with an empty text counts as not set, for
so compose files and shell scripts write a value that they do not have.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from fpcore.config import Strict, describe
from fpcore.errors import ConfigError
from fpcore.places import Place, place_of
from fpcore.profiles import DEFAULT_PROFILE

PREFIX = "FPAPI_"
MIN_KEY_LENGTH = 16
MEGABYTE = 1_000_000

_LISTS = frozenset({"cors_origins", "hosts", "proxies"})
"""Fields that the environment gives as words between commas."""

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
# The system refuses larger times and memories, but only when a request needs them.
DAY_S = 86_400
PositiveSeconds = Annotated[float, Field(gt=0, le=DAY_S)]
TERABYTE_MB = 1_000_000


def _check_network(text: str) -> str:
    """Return an address or a network as it was given, or refuse it."""
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("must be IP addresses or networks, such as 10.0.0.0/8") from None
    return text


Database = Annotated[Place, PlainValidator(place_of), PlainSerializer(str)]
Proxy = Annotated[str, AfterValidator(_check_network)]


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Settings(Strict):
    """The settings of one server process; ``python -m api --help`` lists them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address that the server binds to."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port that it binds to; 0 takes any that is free."""
    web_workers: Count = 1
    """Server processes; each has a decoding pool of its own."""
    database: Database = Path("music_recognition.db")
    """The index: a file, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE, a database of a
    PostgreSQL server that several machines may serve; made when there is none in it."""
    profile: str = DEFAULT_PROFILE
    """Name or file of the profile that is served."""
    busy_timeout_s: PositiveSeconds = 10.0
    """How long a write waits for other writers of the database."""
    keep_audio: Path | None = None
    """Folder in which the audio of learned songs is kept, so that they can be re-indexed later."""
    temp_folder: Path | None = None
    """Folder for uploads while they are worked on; by default the system's temporary folder."""
    api_key: SecretStr | None = None
    """Key that writing and deleting need; without one only this machine may write."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the service, between commas; none by default."""
    hosts: tuple[Annotated[str, StringConstraints(to_lower=True)], ...] = ()
    """Names, between commas, by which clients may call a server at a loopback address beside the
    names of this machine: that of a proxy's site, for example."""
    max_upload_mb: Positive = 100.0
    """Largest file that is taken, in millions of bytes."""
    upload_timeout_s: PositiveSeconds = 600.0
    """How long a client may take to send one request, whatever its pace."""
    upload_window_s: PositiveSeconds = 20.0
    """Seconds in each of which a request has to make progress while it arrives: one that brings
    fewer bytes is given up. What comes of a request after its answer is read for as long."""
    min_upload_bytes_per_s: Positive = 1000.0
    """Bytes a second that a request has to bring on average in each such time."""
    max_uploads: Count = 64
    """Requests whose bodies are received at the same time. Further ones take the place of one that
    stalls, or of one of a client that has more of them, or else are told to try again."""
    max_arriving_mb: Positive | None = None
    """Most bytes of all requests that are being received, in millions; by default those of ten of
    the largest. When there is no room the client that takes the most is told to try again."""
    max_jobs: Count = Field(default_factory=lambda: max(16, 4 * available_cores()))
    """Received requests that are decoded or wait for it. Further ones take the place of a waiting
    one of a client that has more of them, or else are told to try again."""
    max_connections: Count = 512
    """Connections that are open at the same time. A further one takes the place of one that waits
    for its client; of the client with the most connections, the one that has waited longest."""
    header_timeout_s: PositiveSeconds = 20.0
    """How long the head of a request may take, on a new connection from its begin on."""
    keep_alive_s: PositiveSeconds = 5.0
    """How long a connection is kept open between two requests."""
    answer_timeout_s: PositiveSeconds = 60.0
    """How long a client may take nothing of an answer that waits to be sent."""
    proxies: tuple[Proxy, ...] = ()
    """Addresses or networks, between commas, of reverse proxies that are believed when they state a
    client's address in X-Forwarded-For. Places are shared out by client: without them, all that
    comes through a proxy counts as of one client."""
    max_duration_s: Positive = 2 * 3600.0
    """Most seconds of audio that are decoded from one file."""
    decode_workers: Count = Field(default_factory=available_cores)
    """Processes that decode and fingerprint."""
    worker_memory_mb: Annotated[float, Field(gt=0, le=TERABYTE_MB)] = 1024.0
    """Most memory that the work for one request may take, in millions of bytes."""
    worker_cpu_s: Annotated[int, Field(ge=1, le=DAY_S)] = 120
    """Most processor time that the work for one request may take, in seconds."""
    worker_wall_s: PositiveSeconds = 180.0
    """Most time on the clock that the work for one request may take, in seconds."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is written to standard error: debug, info, warning or error."""

    @field_validator("max_arriving_mb")
    @classmethod
    def _room_for_one(cls, megabytes: float | None, others: ValidationInfo) -> float | None:
        if megabytes is not None and megabytes < others.data.get("max_upload_mb", 0.0):
            raise ValueError(f"must not be less than {PREFIX}MAX_UPLOAD_MB")
        return megabytes

    @field_validator("api_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < MIN_KEY_LENGTH:
            raise ValueError(f"must have at least {MIN_KEY_LENGTH} characters")
        return key

    @property
    def max_arriving_bytes(self) -> int:
        """Most bytes of all requests that are being received."""
        if self.max_arriving_mb is None:
            return 10 * self.max_upload_bytes
        return round(self.max_arriving_mb * MEGABYTE)

    @property
    def max_upload_bytes(self) -> int:
        """Most bytes of one uploaded file."""
        return round(self.max_upload_mb * MEGABYTE)

    @property
    def worker_memory_bytes(self) -> int:
        """Most bytes that a decoding process may take on top of those it starts with."""
        return round(self.worker_memory_mb * MEGABYTE)

    def public(self) -> dict[str, Any]:
        """Return the settings as JSON values, with the key masked."""
        return self.model_dump(mode="json")

    @classmethod
    def described(cls) -> str:
        """Return every variable with its default and what it means, for people."""
        lines = []
        for name, field in cls.model_fields.items():
            default = field.get_default(call_default_factory=True, validated_data={})
            shown = "" if default in (None, ()) else f"{default}"
            lines.append(f"{PREFIX}{name.upper()}={shown}")
            lines.append(textwrap.indent(textwrap.fill(field.description or "", 76), "    "))
        return "\n".join(lines)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return the settings that environment variables give.

        Raises
        ------
        ConfigError
            When a variable is unknown or its value not valid; the sentence names it, but
            never quotes the key.
        """
        variables = os.environ if environment is None else environment
        given: dict[str, Any] = {}
        for variable, text in variables.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if variable != f"{PREFIX}{name.upper()}" or name not in cls.model_fields:
                raise ConfigError(
                    f"{variable}: is no setting of the service: remove it; python -m api --help "
                    "lists those that are"
                )
            if text:
                given[name] = _words(text) if name in _LISTS else text
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigError(_sentence(error)) from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def _sentence(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    variable = f"{PREFIX}{str(fault['loc'][0]).upper()}"
    if fault["loc"][0] == "api_key":
        return f"{variable}: {fault['msg'].removeprefix('Value error, ')}"
    return f"{variable}: {describe(error).partition(': ')[2]}"
