"""Corpora of recordings to learn and to cut queries from, each with a manifest.

`corpus` returns one by name and prepares it first where needed: ``generated`` songs, the
``demo`` package's recordings, the soundtracks of ``debian-games``, the clips of
``debian-speech``, or the user's own music, in ``folder:PATH`` or listed in ``csv:PATH``. A corpus
lists its tracks sorted by id, with durations in seconds; who is learnt and who is asked is for
`experiments.protocol` to say.
"""

from experiments.corpora.catalogue import NAMES, corpus
from experiments.corpora.manifest import Corpus, Skipped, Source, Track
from experiments.errors import CorpusError

__all__ = ["NAMES", "Corpus", "CorpusError", "Skipped", "Source", "Track", "corpus"]
