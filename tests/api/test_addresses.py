"""Who a request comes from."""

from __future__ import annotations

import pytest

from api.addresses import client_at


@pytest.mark.parametrize(
    ("address", "client"),
    [
        (("203.0.113.7", 50_000), "203.0.113.7"),
        (("::ffff:203.0.113.7", 50_000, 0, 0), "203.0.113.7"),
        (("2001:db8:1:2:3:4:5:6", 50_000, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 50_000, 0, 3), "fe80::/64"),
        (["testclient", 50_000], "testclient"),
        ("/run/api.sock", ""),
        (None, ""),
    ],
)
def test_a_client_is_an_address_or_the_network_of_one_customer(
    address: object, client: str
) -> None:
    assert client_at(address) == client  # type: ignore[arg-type]  # also what uvicorn types more widely


def test_the_addresses_of_one_customer_are_one_client_and_those_of_two_are_two() -> None:
    ours = {client_at((f"2001:db8:1:2::{number}", 1)) for number in range(1, 9)}
    assert len(ours) == 1
    assert client_at(("2001:db8:1:3::1", 1)) not in ours
