"""Controlled damage to excerpts: noise, rooms, codecs, telephones, loudspeakers, time scales.

Conventions:

* A degradation is a frozen description (`config`) tagged by its ``kind``; a chain of them is
  applied in order by `degrade`; a `Condition` is a chain with a name (`presets` holds ours).
* Signals are mono float32 at any sample rate. Levels may exceed full scale: nothing is clipped
  except by ``clip`` itself.
* An excerpt keeps its length and its timing: what delays the sound (codecs, filters, the
  flight through a room) is compensated. Only ``speed`` and ``tempo`` change the length, to
  ``round(n / factor)`` samples, and move what was at ``t`` to ``t / factor``.
* Randomness comes from the generator that is passed in and from nowhere else: equal input and
  an equally seeded generator give equal bytes.
"""

from __future__ import annotations

from experiments.degradations.chain import degrade
from experiments.degradations.config import Condition, Degradation
from experiments.degradations.levels import SilentSignalError
from experiments.degradations.presets import CONDITIONS, condition, conditions
from experiments.degradations.sources import Sources, checksums, file_checksums

__all__ = [
    "CONDITIONS",
    "Condition",
    "Degradation",
    "SilentSignalError",
    "Sources",
    "checksums",
    "condition",
    "conditions",
    "degrade",
    "file_checksums",
]
