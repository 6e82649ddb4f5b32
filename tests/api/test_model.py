"""Any sequence of learning, recognising and removing, against a dict that does the same."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.api.material import assert_refused, excerpt, learn, recognize, song
from tests.api.server import Server

seeds = st.integers(0, 5)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=40,
).filter(lambda name: bool(name.strip()))


def machine(client: httpx.Client) -> type[RuleBasedStateMachine]:
    """Return a machine whose steps are requests of ``client``."""

    class Model(RuleBasedStateMachine):
        """``known`` maps the seed of a song in the index to its id and name.

        Songs that share a name are told apart by their ids.
        """

        def __init__(self) -> None:
            super().__init__()
            client.delete("/songs?confirm=all").raise_for_status()
            self.known: dict[int, tuple[int, str]] = {}
            self.last_id = 0

        def shown(self, seed: int) -> tuple[int | None, str | None]:
            """Return the id of a song and what answers call it."""
            if seed not in self.known:
                return None, None
            song_id, name = self.known[seed]
            is_shared = [other for _, other in self.known.values()].count(name) > 1
            return song_id, f"{name} (id {song_id})" if is_shared else name

        @rule(seed=seeds, name=names)
        def learn(self, seed: int, name: str) -> None:
            response = learn(client, song(seed), name)
            body = response.json()
            if seed in self.known:
                assert response.status_code == 200
                assert (body["song_id"], body["song_name"]) == self.shown(seed)
            else:
                assert response.status_code == 201, response.text
                assert body["song_id"] > self.last_id
                self.last_id = body["song_id"]
                self.known[seed] = body["song_id"], name
                assert body["song_name"] == self.shown(seed)[1]

        @rule(seed=seeds, start_s=st.floats(0, 4))
        def recognise(self, seed: int, start_s: float) -> None:
            body = recognize(client, excerpt(seed, start_s=round(start_s, 2))).json()
            found = (body["song_id"], body["song_name"])
            assert found == self.shown(seed)

        @rule(seed=seeds)
        def remove(self, seed: int) -> None:
            song_id, name = self.known.pop(seed, (10**12, ""))
            response = client.delete(f"/songs/{song_id}")
            if name:
                assert response.json()["song_name"] == name
            else:
                assert_refused(response, 404, "unknown_song")

        @rule()
        def remove_all(self) -> None:
            removed = client.delete("/songs?confirm=all").json()["removed"]
            assert removed == len(self.known)
            self.known = {}

        @invariant()
        def lists_what_is_known(self) -> None:
            songs = client.get("/songs").json()["songs"]
            told = [(one["song_id"], one["song_name"]) for one in songs]
            assert told == sorted(self.shown(seed) for seed in self.known)  # type: ignore[type-var]

        def teardown(self) -> None:
            stats = client.get("/stats", params={"check": True}).json()
            assert stats["songs"] == len(self.known)
            assert stats["health"]["problems"] == []

    return Model


@pytest.fixture
def patient(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def test_the_service_does_what_a_dict_does(patient: httpx.Client) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine(patient),
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
