"""``fpcore songs``, ``fpcore rename`` and ``fpcore remove``: what is in the database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from fpcore.cli import options
from fpcore.cli.output import (
    clock,
    counted,
    print_json,
    print_table,
    progress_bar,
    say,
    song_record,
)

if TYPE_CHECKING:
    from fpcore.bulk.retitle import Why
    from fpcore.places import Place
    from fpcore.store import Song, Store

LARGEST_INTEGER = 2**63 - 1
"""The largest number that a database can be asked for."""


def songs(
    *,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only songs with this in the name, in either case."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=LARGEST_INTEGER, metavar="N", help="At most so many songs.")
    ] = 50,
    offset: Annotated[
        int, typer.Option(min=0, max=LARGEST_INTEGER, metavar="N", help="After so many songs.")
    ] = 0,
    db: options.Database = options.DEFAULT_DATABASE,
    as_json: options.AsJson = False,
) -> None:
    """List the songs, in the order in which they were learned.

    Of a song whose recording was cut off, the length is what there was of it. Songs of one name are
    told apart by the folders of their files, or by their ids.

    \b
    Examples:
      fpcore songs --search "aria"
      fpcore songs --limit 20 --offset 40

    Exit codes: 0 done (also when there is no song), 1 the database cannot be read.
    """
    with options.open_existing(db) as store:
        total = store.n_songs(name_contains=search)
        page = store.songs(name_contains=search, limit=limit, offset=offset)
        titles = {} if as_json else store.titles(page)
    if as_json:
        records = [song_record(song) for song in page]
        print_json({"total": total, "offset": offset, "limit": limit, "songs": records})
        return
    if page:
        _tell_songs(page, titles)
    say(_place(total, offset, len(page)))


def _tell_songs(songs: list[Song], titles: Mapping[int, str]) -> None:
    print_table(
        (
            ("id", "right"),
            ("song", "left"),
            ("length", "right"),
            ("postings", "right"),
            ("", "left"),
        ),
        (
            (
                song.id,
                titles[song.id],
                clock(song.duration_s, decimals=0),
                f"{song.n_fingerprints:,}",
                _incomplete(song),
            )
            for song in songs
        ),
    )


def _incomplete(song: Song) -> str:
    """Return what to say of a song whose recording was cut off; nothing of any other."""
    if song.complete:
        return ""
    of_all = "" if song.stated_s is None else f", {song.duration_s:.1f} of {song.stated_s:.1f} s"
    return f"cut off{of_all}"


def _place(total: int, offset: int, n_shown: int) -> str:
    """Return which part of the list was shown, and how to see the next."""
    if n_shown == total:
        return counted(total, "song")
    shown = f"{offset + 1:,} to {offset + n_shown:,}" if n_shown else "none"
    more = offset + n_shown
    hint = f"; --offset {more} shows the next" if n_shown and more < total else ""
    return f"{shown} of {counted(total, 'song')}{hint}"


def rename(
    which: Annotated[
        str | None,
        typer.Argument(metavar="SONG", help="Its id, as `fpcore songs` lists it, or its name."),
    ] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="NEW-NAME", help="What to call it from now on.")
    ] = None,
    *,
    by_tags: Annotated[
        bool,
        typer.Option("--by-tags", help="Call songs as the tags of their files do, instead."),
    ] = False,
    db: options.Database = options.DEFAULT_DATABASE,
    wait: options.WaitS = options.DEFAULT_WAIT_S,
    as_json: options.AsJson = False,
) -> None:
    """Give a song another name; the audio file keeps its own.

    SONG is taken as by `fpcore remove`. The new name is kept as it is written.

    With --by-tags every song that is called as its file, or as its tags were, is called "Artist -
    Title" as they say now. Names that were given stay. A file must be the one that was learned, or
    have been learned again since: then it is known to hold the same audio.

    \b
    Examples:
      fpcore rename 17 "Aria, first take"
      fpcore rename track01 "Aria"
      fpcore rename --by-tags

    Exit codes: 0 renamed, 1 the song was not found or the database cannot be written.
    """
    if by_tags:
        if which is not None:
            raise typer.BadParameter("is for all songs: name none", param_hint="'--by-tags'")
        _rename_by_tags(db, wait, as_json=as_json)
        return
    if which is None or name is None:
        raise typer.BadParameter(
            "is missing: say which song to call what, or use --by-tags",
            param_hint="SONG" if which is None else "NEW-NAME",
        )
    if not name.strip():
        raise typer.BadParameter("is empty: say what to call the song", param_hint="NEW-NAME")
    with options.open_existing(db, wait_s=wait) as store:
        song_id = _id_of(store, which)
        before = store.song(song_id).name
        song = store.rename(song_id, name)
    if as_json:
        print_json({"renamed": song_record(song), "name_before": before})
        return
    say(f'renamed {song.id}: "{before}" is "{song.name}" now')


def _rename_by_tags(database: Place, wait_s: float, *, as_json: bool) -> None:
    from fpcore.bulk.retitle import rename_by_tags

    with (
        options.open_existing(database, wait_s=wait_s) as store,
        progress_bar("reading tags") as note,
    ):
        found = rename_by_tags(store, note=note)
    if as_json:
        renamed = [
            {"renamed": song_record(song), "name_before": found.names_before[song.id]}
            for song in found.songs
        ]
        print_json({"songs": renamed, "kept": {why: found.kept[why] for why in _KEPT}})
        return
    for song in found.songs:
        say(f'renamed {song.id}: "{found.names_before[song.id]}" is "{song.name}" now')
    parts = [f"renamed {counted(len(found.songs), 'song')}"]
    parts += [f"{n:,} {_KEPT[why]}" for why, n in found.kept.items()]
    say("; ".join(parts))


_KEPT: Mapping[Why, str] = {
    "named so": "called so already",
    "given": "with a name that was given",
    "no title": "without a title in the tags",
    "no file": "whose file is gone or holds something else now",
}


def remove(
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="SONG", help="Ids, as `fpcore songs` lists them, or names."),
    ] = None,
    *,
    remove_all: Annotated[bool, typer.Option("--all", help="Remove every song.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Needed with --all.")] = False,
    db: options.Database = options.DEFAULT_DATABASE,
    wait: options.WaitS = options.DEFAULT_WAIT_S,
    as_json: options.AsJson = False,
) -> None:
    """Remove songs from the database; the audio files stay.

    A number is taken as an id before it is taken as a name, but 01 is a name. A name must
    be exact, and belong to one song alone, or be followed by what tells the song from others, as
    `fpcore songs` shows it. When one of several cannot be found, none is removed.

    \b
    Examples:
      fpcore remove 17
      fpcore remove "Aria, first take" 18
      fpcore remove --all --yes

    Exit codes: 0 removed, 1 a song was not found or the database cannot be written.
    """
    if remove_all == bool(which):
        raise typer.BadParameter("name songs, or use --all", param_hint="SONG")
    if remove_all and not yes:
        raise typer.BadParameter("removes every song: add --yes", param_hint="'--all'")
    with options.open_existing(db, wait_s=wait) as store:
        if remove_all:
            removed = store.songs()
            store.clear()
        else:
            found = dict.fromkeys(_id_of(store, text) for text in which or ())
            removed = [store.remove(song_id) for song_id in found]
    if as_json:
        print_json({"removed": [song_record(song) for song in removed]})
        return
    if remove_all:
        say(f"removed {counted(len(removed), 'song')}")
        return
    for song in removed:
        say(f'removed {song.id}: "{song.name}"')


def _id_of(store: Store, text: str) -> int:
    """Return the id of the song that has this id or this exact name."""
    from fpcore.errors import UnknownSongError

    if _is_id(text):
        try:
            store.names([int(text)])  # unlike the whole song it can be read in a damaged one
            return int(text)
        except UnknownSongError:
            pass  # a song may be called by a number
    named = _called(store, text) or _titled(store, text)
    if not named:
        raise UnknownSongError(
            f'{store.path} has no song with the id or name "{text}": see `fpcore songs`'
        )
    if len(named) > 1:
        ids = ", ".join(map(str, named))
        raise UnknownSongError(
            f'{len(named)} songs are called "{text}": name one by its id, which are {ids}'
        )
    return named[0]


def _called(store: Store, name: str) -> list[int]:
    """Return the ids of the songs of a name."""
    return [song.id for song in store.songs(name_contains=name) if song.name == name]


def _titled(store: Store, title: str) -> list[int]:
    """Return the id of the song of a name and what tells it from others of that name."""
    for start in (found.start() for found in re.finditer(r" \(", title)):  # folders have it, too
        named = _called(store, title[:start])
        if found := [one for one, shown in store.names(named).items() if shown == title]:
            return found
    return []


def _is_id(text: str) -> bool:
    """Whether a text is a number as `fpcore songs` writes it: 01 can only be a name."""
    digits = len(text) <= len(str(LARGEST_INTEGER)) and text.isascii() and text.isdecimal()
    return digits and str(int(text)) == text and int(text) <= LARGEST_INTEGER
