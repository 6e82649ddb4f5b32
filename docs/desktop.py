"""Draw ``docs/desktop.png``: the window of the desktop client after an answer.

``python docs/desktop.py ADDRESS RECORDING.wav`` on a screen of its own (``xvfb-run -s "-screen 0
1280x900x24"``), with a server that knows the recording.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageGrab

from clients.desktop.session import Session
from clients.desktop.sources import FileInput
from clients.desktop.window import Window

ROOT = Path(__file__).resolve().parent
SETTLED_MS = 2000


def main(address: str, recording: Path) -> None:
    """Ask a server about a recording, and keep a picture of the window."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        session.change(address=address)
        window = Window(session)
        window.geometry("1000x640+0+0")
        view = window.views["RecogniseView"]
        view.source_of = lambda chosen: FileInput(recording)
        view.bind("<<Answered>>", lambda event: window.after(SETTLED_MS, _keep, window))
        window.after(SETTLED_MS, view.listen)
        window.mainloop()


def _keep(window: Window) -> None:
    box = (0, 0, window.winfo_width(), window.winfo_height())
    shown = ImageGrab.grab(bbox=box, xdisplay=os.environ["DISPLAY"])
    few = shown.quantize(128, method=Image.Quantize.MEDIANCUT)
    few.save(ROOT / "desktop.png", optimize=True)
    window.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
