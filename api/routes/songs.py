"""Endpoints ``/songs``: the songs that the index holds, listed, renamed and removed."""

from __future__ import annotations

from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.errors import RefusedError, documented
from api.routes.dependencies import MAX_ID, WRITER, ServiceDep, SongId
from api.schemas.bodies import RemovedBody, SongBody, SongsBody
from api.service import Service
from api.uploads import changes, kept_audio
from fpcore.config import Strict
from fpcore.store import Song

router = APIRouter(prefix="/songs", tags=["songs"])


class Page(Strict):
    """Which songs are listed."""

    limit: Annotated[int, Field(ge=1, le=1000, description="Songs on a page")] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_ID, description="Songs to pass over")] = 0
    name: Annotated[
        str | None, Field(max_length=300, description="Text in the name, in either case")
    ] = None
    order: Annotated[
        Literal["learned", "newest"],
        Field(description="As they were learned, or the last learned first"),
    ] = "learned"


class Clearing(Strict):
    """The confirmation that all songs are to be removed."""

    confirm: Annotated[
        Literal["all"] | None, Field(description="Must be `all`: every song will be removed")
    ] = None


@router.get("", response_model=SongsBody, responses=documented())
async def list_songs(service: ServiceDep, page: Annotated[Page, Query()]) -> SongsBody:
    """List songs in the order in which they were learned, or in the opposite one."""
    return await to_thread.run_sync(_listed, service, page)


def _listed(service: Service, page: Page) -> SongsBody:
    total = service.store.n_songs(name_contains=page.name)
    first, n_songs = page.offset, page.limit
    if page.order == "newest":
        first, n_songs = _from_end(total, page)
    songs = service.store.songs(name_contains=page.name, limit=n_songs, offset=first)
    if page.order == "newest":
        songs.reverse()
    titles = service.store.titles(songs)
    shown = [SongBody.of(song, titles[song.id]) for song in songs]
    return SongsBody(songs=shown, total=total, limit=page.limit, offset=page.offset)


def _from_end(total: int, page: Page) -> tuple[int, int]:
    """Return where a page that is counted from the last song begins, and how many it has."""
    end = max(0, total - page.offset)
    first = max(0, end - page.limit)
    return first, end - first


@router.get("/{song_id}", response_model=SongBody, responses=documented(404))
async def get_song(song_id: SongId, service: ServiceDep) -> SongBody:
    """Return one song."""

    def get() -> SongBody:
        song = service.store.song(song_id)
        return SongBody.of(song, service.store.titles([song])[song_id])

    return await to_thread.run_sync(get)


@router.patch(
    "/{song_id}",
    response_model=SongBody,
    dependencies=[WRITER],
    openapi_extra=changes.documented(changes.SongChange),
    responses=documented(401, 403, 404, 408, 413, 507),
)
async def rename_song(song_id: SongId, request: Request, service: ServiceDep) -> SongBody:
    """Give a song another name, which is kept verbatim, and return the song."""
    change = await changes.received(request, changes.SongChange, service.upload_limits.pace)

    def rename() -> SongBody:
        song = service.store.rename(song_id, change.song_name)
        return SongBody.of(song, service.store.titles([song])[song_id])

    return await to_thread.run_sync(rename)


@router.delete(
    "/{song_id}",
    response_model=SongBody,
    dependencies=[WRITER],
    responses=documented(401, 403, 404, 507),
)
async def remove_song(song_id: SongId, service: ServiceDep) -> SongBody:
    """Remove a song, with the audio that was kept of it, and return what it was."""

    def remove() -> Song:
        song = service.store.remove(song_id)
        _discard([song], service)
        return song

    return SongBody.of(await to_thread.run_sync(remove))


@router.delete(
    "", response_model=RemovedBody, dependencies=[WRITER], responses=documented(401, 403, 507)
)
async def remove_all_songs(
    service: ServiceDep, clearing: Annotated[Clearing, Query()]
) -> RemovedBody:
    """Remove every song; only with `?confirm=all`."""
    if clearing.confirm is None:
        raise RefusedError(
            400, "unconfirmed", "this removes every song: say so with the parameter confirm=all"
        )

    def clear() -> int:
        songs = service.store.songs() if service.settings.keep_audio else []
        n_removed = service.store.clear()
        _discard(songs, service)
        return n_removed

    return RemovedBody(removed=await to_thread.run_sync(clear))


def _discard(songs: list[Song], service: Service) -> None:
    """Remove the kept audio of removed songs, but not of what was learned again since."""
    for song in songs:
        if service.store.find(song.checksum) is None:
            kept_audio.discard(song, service.settings.keep_audio)
