"""Pages: the list of all songs, asked for piece by piece while it may change."""

from __future__ import annotations

from clients.rest.endpoints import Order, Request, songs_page
from clients.rest.records import Song, SongPage

PAGE_SONGS = 500


class Pages:
    """A walk over the list of songs, in which no song comes twice.

    When songs were removed since the last page, those after them have moved up, and the walk goes
    back as far. So a song is passed over only if as many are learned as are removed meanwhile.

    Parameters
    ----------
    name : str, optional
        Text in the names of the songs that are listed.
    order : {"learned", "newest"}
        As they were learned, or the last learned first.
    page_songs : int
        How many songs are asked for at once, from 1 to 1000.
    """

    def __init__(
        self, *, name: str | None = None, order: Order = "learned", page_songs: int = PAGE_SONGS
    ) -> None:
        self._name = name
        self._order: Order = order
        self._page_songs = page_songs
        self._offset = 0
        self._total: int | None = None
        self._seen: set[int] = set()

    @property
    def next_request(self) -> Request[SongPage] | None:
        """The request for the next page; None when there is none."""
        if self._total is not None and self._offset >= self._total:
            return None
        return songs_page(
            limit=self._page_songs, offset=self._offset, name=self._name, order=self._order
        )

    def take(self, page: SongPage) -> list[Song]:
        """Return the songs of the page that was asked for which have not come yet."""
        n_fewer = 0 if self._total is None else self._total - page.total
        self._total = page.total
        if n_fewer > 0 and self._offset > 0:
            self._offset = max(0, self._offset - n_fewer)
            return []
        self._offset = self._offset + len(page.songs) if page.songs else page.total
        new = [song for song in page.songs if song.song_id not in self._seen]
        self._seen.update(song.song_id for song in new)
        return new
