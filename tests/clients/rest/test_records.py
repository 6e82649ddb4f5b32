"""Records have the fields that the service documents, so that it cannot change unseen."""

from __future__ import annotations

import pytest

from tests.clients.rest.documented import (
    RECORDS,
    documentation,
    fields_of_body,
    fields_of_record,
)

FREE_FORM = {
    "BoxWhitening",
    "Decision",
    "FingerprintConfig",
    "FittedOn",
    "GridNeighbourhood",
    "NoWhitening",
    "PairsConfig",
    "PeaksConfig",
    "PhysicalNeighbourhood",
    "PlaybackSearch",
    "QueryConfig",
    "SpectrogramConfig",
    "ThoroughPass",
}
"""Parts of a profile, which a client hands on as they come."""


@pytest.mark.parametrize("body", sorted(RECORDS))
def test_a_record_has_the_fields_and_types_of_its_body(body: str) -> None:
    assert fields_of_record(RECORDS[body]) == fields_of_body(body)


def test_every_body_has_a_record() -> None:
    assert set(documentation()["components"]["schemas"]) - FREE_FORM == set(RECORDS)
