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
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from fpcore.config import Strict, describe
from fpcore.errors import ConfigError
from fpcore.profiles import DEFAULT_PROFILE

PREFIX = "FPAPI_"
MIN_KEY_LENGTH = 16
MEGABYTE = 1_000_000

_LISTS = frozenset({"cors_origins", "hosts"})
"""Fields that the environment gives as words between commas."""

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
# The system refuses larger times and memories, but only when a request needs them.
DAY_S = 86_400
PositiveSeconds = Annotated[float, Field(gt=0, le=DAY_S)]
TERABYTE_MB = 1_000_000


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
    database: Path = Path("music_recognition.db")
    """The index; made when it does not exist."""
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
    upload_timeout_s: PositiveSeconds = 60.0
    """How long a client may take to send one request."""
    max_uploads: Count = 64
    """Requests whose bodies are received at the same time; further ones are told to try again."""
    max_jobs: Count = 16
    """Received requests that are decoded or wait for it; further ones are told to try again."""
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

    @field_validator("api_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < MIN_KEY_LENGTH:
            raise ValueError(f"must have at least {MIN_KEY_LENGTH} characters")
        return key

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
