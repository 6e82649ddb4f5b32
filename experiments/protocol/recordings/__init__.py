"""Recordings whose right song is known: query sets that someone made, and how lists of them read.

A query set is a folder or a file in one of the layouts of `reading.LAYOUTS`, each read by a module
of its own. What a list says is checked against the songs that can be known: a row that cannot be
asked is a `Fault` of one sentence, and the others go on. Nothing is decoded here.
"""

from experiments.protocol.recordings.contract import Fault, QuerySet, RecordedQuery
from experiments.protocol.recordings.reading import LAYOUTS, read_queries
from experiments.protocol.recordings.songs import KnownSong, KnownSongs

__all__ = [
    "LAYOUTS",
    "Fault",
    "KnownSong",
    "KnownSongs",
    "QuerySet",
    "RecordedQuery",
    "read_queries",
]
