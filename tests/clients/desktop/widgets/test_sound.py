"""Sound: the meter rises at once and falls slowly; columns that do not fit are forgotten."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clients.desktop.recorder import Heard
from clients.desktop.spectrum import FLOOR_DB, N_BANDS
from clients.desktop.widgets.sound import Sound
from tests.clients.desktop.conftest import Desk


def test_what_is_heard_is_shown(desk: Callable[..., Desk]) -> None:
    window = desk("http://nobody.invalid").window
    sound = Sound(window)
    sound.place(x=0, y=0, width=120, height=60)
    window.update_idletasks()
    columns = np.full((50, N_BANDS), 200, np.uint8)
    for level_db in (-6.0, FLOOR_DB, FLOOR_DB):
        sound.add(Heard(1.0, level_db, columns))
    window.update_idletasks()
    assert FLOOR_DB < sound.meter.level_db < -6.0
    assert sound.spectrogram.n_columns == 150
    for _ in range(40):
        sound.add(Heard(1.0, -6.0, columns))
    window.update_idletasks()
    assert sound.spectrogram.n_columns == 1000
    sound.clear("hint")
    assert (sound.meter.level_db, sound.spectrogram.n_columns) == (FLOOR_DB, 0)
