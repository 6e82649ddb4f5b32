"""``fpcore recognize --scan``: the songs of long recordings, each told as soon as it has ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from fpcore.cli.output import (
    clock,
    complain,
    complain_of,
    counted,
    print_json_line,
    progress_bar,
    say,
)

if TYPE_CHECKING:
    from fpcore.errors import AudioError
    from fpcore.library import AudioSource, Library
    from fpcore.records import Appearance, Cut, Recognition, Remixed, Scanned

Output = Literal["text", "json", "lines"]
"""Sentences; one JSON document in the end; or JSON on a line for each thing that is found."""


@dataclass(frozen=True, slots=True)
class ScanFile:
    """Scans a recording, and tells what is found in the way that ``output`` says.

    Without ``output``, as in another process, nothing is printed, not even how far it is.
    """

    output: Output | None = None

    def __call__(self, library: Library, source: AudioSource) -> Scanned:
        """Return the songs that are heard, by their start."""
        from fpcore.records import Cut, Scanned

        cuts: list[Cut] = []
        remixed: list[Remixed] = []
        if self.output is None:
            found = list(library.scan(source, on_cut=cuts.append, on_remixed=remixed.append))
        else:
            found = _live(library, source, self.output, cuts, remixed)
        found.sort(key=lambda one: one.start_s)
        return Scanned(found, Cut.of(cuts), next(iter(remixed), None))


def _live(
    library: Library,
    source: AudioSource,
    output: Output,
    cuts: list[Cut],
    remixed: list[Remixed],
) -> list[Appearance]:
    """Return what is found and tell it at once, as well as what is wrong with the recording."""
    from fpcore.records import Cut

    name = source if isinstance(source, str) else "standard input"

    def on_cut(cut: Cut) -> None:
        cuts.append(cut)
        if Cut.of(cuts) is cut:  # it tells more than what was told before
            complain_of(name, cut)

    found = []
    with progress_bar(name) as note:
        heard = library.scan(source, on_cut=on_cut, on_remixed=remixed.append, on_progress=note)
        for appearance in heard:
            _tell(name, appearance, output)
            found.append(appearance)
    complain_of(name, *remixed[:1])
    return found


def told(
    found: Scanned | AudioError, name: str, output: Output, *, is_live: bool
) -> dict[str, Any]:
    """Tell a scan, as far as that was not done live, and return its record for JSON.

    Parameters
    ----------
    found : Scanned or AudioError
        What `ScanFile` returned, or why the recording cannot be decoded.
    name : str
        What to call the recording.
    output : Output
        How to tell it.
    is_live : bool
        Whether everything was told when it was found.

    Returns
    -------
    dict
        Its keys are "file", "error", "cut", "remixed" and "appearances"; of a recording that cannot
        be decoded the first two.
    """
    from fpcore.errors import AudioError

    record = noted(found, name, is_new=not is_live)
    if not isinstance(found, AudioError):
        record["appearances"] = [asdict(appearance) for appearance in found.appearances]
        for appearance in () if is_live else found.appearances:
            _tell(name, appearance, output)
        if output == "text":
            n = len(found.appearances)
            say(f"{name}: {counted(n, 'appearance')}" if n else f"{name}: no match")
    if output == "lines":
        print_json_line(record)
    return record


def noted(
    found: Recognition | Scanned | AudioError, name: str, *, is_new: bool = True
) -> dict[str, Any]:
    """Complain of what is wrong with a recording, and return the beginning of its record.

    Parameters
    ----------
    found : Recognition, Scanned or AudioError
        The answer, or why there is none.
    name : str
        What to call the recording.
    is_new : bool
        Whether it is still to be said that only a part was decoded, or how channels were mixed.

    Returns
    -------
    dict
        Its keys are "file", "error", "cut" and "remixed"; of an error the first two.
    """
    from fpcore.errors import AudioError

    if isinstance(found, AudioError):
        complain(str(found))
        return {"file": name, "error": str(found)}
    if is_new:
        complain_of(name, found.cut, found.remixed)
    return {
        "file": name,
        "error": None,
        "cut": found.cut and asdict(found.cut),
        "remixed": found.remixed and asdict(found.remixed),
    }


def _tell(name: str, appearance: Appearance, output: Output) -> None:
    """Tell when a song was heard, on a line; in one JSON document it is told in the end."""
    if output == "lines":
        print_json_line({"file": name, "appearance": asdict(appearance)})
    elif output == "text":
        say(f"{name}: {_sentence(appearance)}")


def _sentence(appearance: Appearance) -> str:
    from fpcore.records import AS_LEARNED

    played = appearance.playback
    changed = f", played at {played}" if played != AS_LEARNED else ""
    return (
        f"{clock(appearance.start_s)} to {clock(appearance.end_s)} "
        f'"{appearance.song_name}" at {clock(appearance.song_offset_s)}{changed}, '
        f"confidence {appearance.confidence:.3f}, {appearance.votes} votes"
    )
