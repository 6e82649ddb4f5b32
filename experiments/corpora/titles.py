"""Titles of tracks: what reports call them, beside their ids, which tell them apart.

A table's title comes first (``csv:PATH``), then the tags of the file.
"""

from __future__ import annotations

from collections.abc import Iterable

from experiments.corpora.manifest import Corpus
from fpcore.audio.titles import title_of


def titles(corpus: Corpus, track_ids: Iterable[str]) -> dict[str, str]:
    """Return what tracks are called, by their ids, as far as something tells it.

    Parameters
    ----------
    corpus : Corpus
        Where they are from.
    track_ids : iterable of str
        Ids, of which those that the corpus does not have are passed over.
    """
    found = {}
    for track_id in dict.fromkeys(track_ids):
        if track_id in corpus.by_id:
            title = corpus.titles.get(track_id) or title_of(corpus.path_of(corpus.by_id[track_id]))
            if title:
                found[track_id] = title
    return found
