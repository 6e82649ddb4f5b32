"""Print what becomes of every odd file: ``python -m tests.odd_files``.

What it prints is what `table.txt` holds, which the tests compare with.
"""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.odd_files.answers import Desk
from tests.odd_files.inputs import INPUTS
from tests.odd_files.table import line


def main() -> None:
    """Print one line for each odd file that can be made on this machine."""
    logging.disable()
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        for name, odd in INPUTS.items():
            if odd.is_makeable:
                print(line(name, desk.ask(odd.make())), flush=True)
        desk.close()


if __name__ == "__main__":
    main()
