"""Draw ``docs/mobile.png``: the mobile client after an answer, in light and in dark.

``python docs/mobile.py PAGE SOUND.wav [FOLDER]`` with the address of the page, such as
``http://127.0.0.1:8000/app/``, of a service that knows the recording; in FOLDER the other views are
kept, too.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent
SIZE = {"width": 390, "height": 760}
SETTLED_MS = 1500
GAP = 24


def main(page: str, sound: Path, folder: Path | None) -> None:
    """Ask about a recording in both looks, and keep pictures of that."""
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={sound}%noloop",
            ],
        )
        shown = [_shown(browser, page, look, folder) for look in ("light", "dark")]
        browser.close()
    width = sum(one.width for one in shown) + GAP * (len(shown) - 1)
    both = Image.new("RGB", (width, shown[0].height), "#ffffff")
    for number, one in enumerate(shown):
        both.paste(one, (number * (one.width + GAP), 0))
    few = both.quantize(128, method=Image.Quantize.MEDIANCUT)
    few.save(ROOT / "mobile.png", optimize=True)


def _shown(browser: Browser, address: str, look: str, folder: Path | None) -> Image.Image:
    context = browser.new_context(
        viewport={"width": SIZE["width"], "height": SIZE["height"]},
        is_mobile=True,
        has_touch=True,
        color_scheme="dark" if look == "dark" else "light",
    )
    page = context.new_page()
    page.goto(address)
    page.locator("flt-semantics-placeholder").dispatch_event("click")
    page.get_by_role("button", name="Listen").first.dispatch_event("click")
    page.get_by_role("button", name="5 s").first.wait_for()
    kept = (folder or ROOT) / f"mobile-{look}.png"
    if folder is not None:
        page.screenshot(path=folder / f"listening-{look}.png")
    page.get_by_role("button", name="Share").first.wait_for()
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=kept)
    with Image.open(kept) as file:
        picture = file.convert("RGB")
    if folder is None:
        kept.unlink()
    else:
        for name in ("History", "Settings"):
            page.get_by_role("tab", name=name).first.dispatch_event("click")
            page.wait_for_timeout(SETTLED_MS)
            page.screenshot(path=folder / f"{name.lower()}-{look}.png")
    context.close()
    return picture


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
