"""What is closed at the end of a with-block, however that ends."""

from __future__ import annotations

import pytest

from fpcore.closing import Closing


class Door(Closing):
    """Counts how often it was closed."""

    n_closed = 0

    def close(self) -> None:
        self.n_closed += 1


def test_a_with_block_gives_the_thing_itself_and_closes_it_once() -> None:
    door = Door()
    with door as inside:
        assert inside is door
        assert door.n_closed == 0
    assert door.n_closed == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_closes_it_too_and_goes_on(error: type[BaseException]) -> None:
    door = Door()
    with pytest.raises(error), door:
        raise error
    assert door.n_closed == 1


def test_what_cannot_be_closed_cannot_be_made() -> None:
    class Wall(Closing):
        pass

    with pytest.raises(TypeError, match="close"):
        Wall()  # type: ignore[abstract]
