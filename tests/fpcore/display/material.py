"""Recordings of every outcome, and what stands in a figure."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fpcore.search.explain import Explanation
from tests.fpcore.explained import RATE_HZ, excerpt, looped, song
from tests.fpcore.synthetic import tone


def renamed(explanation: Explanation, name: str) -> Explanation:
    matches = tuple(replace(match, song_name=name) for match in explanation.matches)
    places = tuple(
        replace(place, match=match)
        for place, match in zip(explanation.places, matches[:2], strict=True)
    )
    return replace(explanation, matches=matches, places=places)


def drawn(figure: Figure) -> bytes:
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def texts(figure: Figure) -> list[str]:
    in_axes = [text.get_text() for ax in figure.axes for text in ax.texts]
    return [text.get_text() for text in figure.texts] + in_axes


def samples_of(kind: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    silence = np.zeros(4 * RATE_HZ, np.float32)
    return {
        "clean": excerpt(song(2), 10.3, 6.0),
        "noisy": excerpt(song(2), 10.3, 6.0, noise=0.3),
        "unknown": excerpt(song(77), 10.3, 6.0),
        "short": excerpt(song(1), 5.0, 0.6),
        "loop": excerpt(looped(), 5.0, 6.0),
        "lead-in": np.concatenate([silence, excerpt(song(0), 0.0, 5.0)]),
        "tone": tone(1000.0, 4.0, RATE_HZ),
        "silence": silence,
        "snippet": silence[:100],
        "nothing": silence[:0],
    }[kind]
