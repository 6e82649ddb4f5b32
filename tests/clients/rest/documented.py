"""Types of the client's records and of the service's documentation in one spelling."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from api.app import create_app
from api.settings import Settings
from clients.rest import explanation, records

RECORDS: dict[str, type] = {
    "AppearanceBody": records.Appearance,
    "CandidateBody": records.Candidate,
    "ErrorBody": records.Refusal,
    "EvidenceBody": explanation.Evidence,
    "ExplanationBody": explanation.Explanation,
    "HealthBody": records.Health,
    "HistogramBody": explanation.Histogram,
    "LearnedBody": records.Learned,
    "PairsBody": explanation.Pairs,
    "PlaceBody": explanation.Place,
    "ProfileBody": records.Profile,
    "ProvenanceBody": records.ModelCard,
    "QueryPeaksBody": explanation.QueryPeaks,
    "RecognitionBody": records.Recognition,
    "RemovedBody": records.Removed,
    "ServedProfile": records.ServedProfile,
    "SongBody": records.Song,
    "SongPeaksBody": explanation.SongPeaks,
    "SongsBody": records.SongPage,
    "SpectrogramBody": explanation.Spectrogram,
    "StatsBody": records.Stats,
    "StatusBody": records.Status,
    "TimesBody": records.Times,
}
"""The client's record of each body that the service documents."""

_NAMES = {record: name for name, record in RECORDS.items()}
_PLAIN = {int: "integer", float: "number", str: "string", bool: "boolean", datetime: "date-time"}


@functools.cache
def documentation() -> dict[str, Any]:
    """Return what ``/openapi.json`` tells."""
    return create_app(Settings()).openapi()


def fields_of_record(record: type) -> dict[str, str]:
    """Return the fields of a record with their types."""
    hints = get_type_hints(record)
    return {field.name: _of_type(hints[field.name]) for field in dataclasses.fields(record)}


def fields_of_body(name: str) -> dict[str, str]:
    """Return the fields of a body with their types, as the service documents them."""
    body = documentation()["components"]["schemas"][name]
    return {field: _of_schema(schema) for field, schema in body["properties"].items()}


def _of_type(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (inner,) = (one for one in arguments if one is not NoneType)
        return f"{_of_type(inner)} or null"
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"list of {_of_type(arguments[0])}"
    if origin is tuple:
        return f"list of ({', '.join(map(_of_type, arguments))})"
    if origin is Literal:
        return f"one of {sorted(arguments)}"
    if origin is Mapping:
        return "object"
    return _NAMES.get(kind) or _PLAIN[kind]


def _of_schema(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        (inner,) = (one for one in schema["anyOf"] if one != {"type": "null"})
        return f"{_of_schema(inner)} or null"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name if name in RECORDS else "object"
    if "enum" in schema:
        return f"one of {sorted(schema['enum'])}"
    if "prefixItems" in schema:
        return f"list of ({', '.join(map(_of_schema, schema['prefixItems']))})"
    if schema["type"] == "array":
        return f"list of {_of_schema(schema['items'])}"
    return str(schema.get("format") or schema["type"])
