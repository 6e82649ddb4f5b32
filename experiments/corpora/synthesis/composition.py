"""Composition of songs from a random generator: key, chords, melody, bass, drums, structure.

Times are in beats from the start of the song, pitches are MIDI note numbers, velocities are in
(0, 1]. A section that returns comes back with its chords and its tune, slightly varied, as in
played music; tempo, tuning, mode and material differ from song to song.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from experiments.corpora.synthesis.grooves import (
    BASS_LINES,
    CHORD_RHYTHMS,
    FILLS,
    GROOVES,
    WHOLE_CHORD,
    Groove,
    Pattern,
)

Choice = TypeVar("Choice")

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}

NEXT_DEGREE = (
    (3, 4, 5, 1, 3, 5),
    (4, 4, 3, 0),
    (5, 3, 1),
    (4, 0, 1, 4),
    (0, 5, 3, 0),
    (3, 1, 4, 3),
    (0, 2, 5),
)
"""Row ``d`` holds the scale degrees that may follow degree ``d``, the likelier ones repeated."""

CELLS = ((1.0,), (0.5, 0.5), (0.75, 0.25), (0.25, 0.25, 0.5), (0.5, 0.25, 0.25), (1.0,))
"""Rhythms of one beat of a melody, as lengths in beats."""

STRUCTURES = (
    ("intro", "verse", "chorus", "verse", "chorus", "outro"),
    ("verse", "verse", "chorus", "bridge", "verse", "chorus"),
    ("intro", "verse", "verse", "chorus", "bridge", "chorus"),
    ("chorus", "verse", "chorus", "verse", "bridge", "chorus"),
)

LAYERS = {
    "intro": ("chords", "bass"),
    "verse": ("melody", "chords", "bass", "drums"),
    "chorus": ("melody", "chords", "bass", "drums", "pad"),
    "bridge": ("melody", "bass", "pad"),
    "outro": ("chords", "melody", "drums"),
}
"""Which parts play in which section."""

SHARE_IN_THREE = 0.2
"""Share of songs with three beats in a bar; the others have four."""

SHARE_FROM_TONIC = 0.7
"""Share of chord progressions that begin on the tonic; the others begin on degree 5."""

SHARE_RESTING, SHARE_TIED, SHARE_SKIPPED, SHARE_RAISED = 0.12, 0.18, 0.06, 0.05
"""Shares of the beats of a motif that rest, or that prolong the note before; and of the notes that
are left out, or raised by a degree, when a section returns."""

LONG_BAR_S = 1.7
"""Sections have four bars when a bar lasts longer than this, else eight."""

LOWEST_DEGREE, HIGHEST_DEGREE = -3, 9
"""Range of a melody, in degrees of the scale above the tonic."""

PHRASE_BARS = 4
"""Bars of a phrase; the motifs of its bars are `PHRASE`."""

PHRASE = (0, 0, 1, 0)

OFFBEAT = 0.5
"""Part of a beat that swing delays."""

MAX_DURATION_S = 58.0
"""A song ends with the last section that is over by then."""


@dataclass(frozen=True, slots=True)
class Note:
    """A pitched note."""

    start_beat: float
    n_beats: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke on the drum of this name."""

    start_beat: float
    drum: str
    velocity: float


@dataclass(frozen=True)
class Score:
    """A whole song: its notes by part, its drum strokes, and how beats become seconds."""

    tempo_bpm: float
    tuning_cents: float
    n_beats: float
    section_beats: float
    notes: dict[str, list[Note]]
    hits: list[Hit]

    @property
    def beat_s(self) -> float:
        """Duration of a beat in seconds."""
        return 60.0 / self.tempo_bpm


@dataclass(frozen=True)
class _Style:
    """The traits that stay the same throughout a song."""

    scale: tuple[int, ...]
    tonic: int
    beats_per_bar: int
    bars_per_section: int
    groove: Groove
    swing: float

    def pitch(self, degree: int, *, octave: int) -> int:
        """Return the MIDI pitch of a scale degree, which may lie beyond one octave."""
        turns, step = divmod(degree, len(self.scale))
        return 12 * (octave + turns) + self.tonic + self.scale[step]

    def swung(self, beat: float) -> float:
        """Return ``beat`` with the second half of every beat delayed by the swing."""
        return beat + self.swing if beat % 1.0 == OFFBEAT else beat


@dataclass(frozen=True)
class _Section:
    """Material of a section, by bar: chord degrees, and melody as (start, length, degree)."""

    chords: tuple[int, ...]
    melody: Pattern
    bass_line: Pattern
    chord_rhythm: Pattern


def compose(rng: np.random.Generator) -> Score:
    """Return a song of about 32 to 58 s, drawn from ``rng``."""
    tempo_bpm = round(float(rng.uniform(76.0, 168.0)), 2)
    beats_per_bar = 3 if rng.random() < SHARE_IN_THREE else 4
    bar_s = beats_per_bar * 60.0 / tempo_bpm
    style = _Style(
        scale=_one_of(tuple(SCALES.values()), rng),
        tonic=int(rng.integers(12)),
        beats_per_bar=beats_per_bar,
        bars_per_section=4 if bar_s > LONG_BAR_S else 8,
        groove=_one_of(GROOVES[beats_per_bar], rng),
        swing=float(_one_of((0.0, 0.0, 0.0, 1 / 6), rng)),
    )
    material = {name: _section(style, rng) for name in LAYERS}
    section_beats = float(style.bars_per_section * beats_per_bar)
    n_sections = int(MAX_DURATION_S * tempo_bpm / 60.0 / section_beats)
    names = _one_of(STRUCTURES, rng)[:n_sections]
    notes: dict[str, list[Note]] = {"melody": [], "chords": [], "bass": [], "pad": []}
    hits: list[Hit] = []
    for place, name in enumerate(names):
        start_beat = place * section_beats
        section = material[name]
        for part, written in _play(section, style, rng).items():
            if part in LAYERS[name]:
                notes[part] += [_moved(note, start_beat, style) for note in written]
        if "drums" in LAYERS[name]:
            hits += _drum(style, start_beat, is_loud=name == "chorus", rng=rng)
    n_beats = len(names) * section_beats
    tuning_cents = round(float(rng.uniform(-45.0, 45.0)), 2)
    return Score(tempo_bpm, tuning_cents, n_beats, section_beats, notes, hits)


def _section(style: _Style, rng: np.random.Generator) -> _Section:
    """Return new material for a section."""
    return _Section(
        chords=_progression(style.bars_per_section, rng),
        melody=_melody(style, rng),
        bass_line=_one_of(BASS_LINES[style.beats_per_bar], rng),
        chord_rhythm=_one_of(CHORD_RHYTHMS[style.beats_per_bar], rng),
    )


def _progression(n_bars: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Return a chord degree for each bar: four bars from the tonic, then again with a new end."""
    first = [0 if rng.random() < SHARE_FROM_TONIC else 5]
    while len(first) < PHRASE_BARS:
        first.append(_one_of(NEXT_DEGREE[first[-1]], rng))
    second = [*first[:3], _one_of((0, 4, 3), rng)]
    return tuple((first + second)[:n_bars])


def _melody(style: _Style, rng: np.random.Generator) -> Pattern:
    """Return a tune: two one-bar motifs in the order A A B A, walking along the scale."""
    motifs = [_rhythm(style.beats_per_bar, rng) for _ in range(2)]
    walks = [rng.integers(-2, 3, size=len(motif)) for motif in motifs]
    tune = []
    degree = int(rng.integers(0, 5))
    for bar in range(style.bars_per_section):
        which = PHRASE[bar % PHRASE_BARS]
        degree += int(rng.integers(-1, 2))
        for (start, length), step in zip(motifs[which], walks[which], strict=True):
            degree += int(step)
            if not LOWEST_DEGREE <= degree <= HIGHEST_DEGREE:
                degree -= 2 * int(step) + int(np.sign(degree))
            tune.append((bar * style.beats_per_bar + start, length, degree))
    return tuple(tune)


def _rhythm(n_beats: int, rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    """Return starts and lengths of the notes of a motif; some beats rest or are tied over."""
    notes: list[tuple[float, float]] = []
    for beat in range(n_beats):
        chance = rng.random()
        if beat and chance < SHARE_RESTING:
            continue
        if beat and chance < SHARE_RESTING + SHARE_TIED and notes:
            start, length = notes.pop()
            notes.append((start, length + 1.0))
            continue
        start = float(beat)
        for length in _one_of(CELLS, rng):
            notes.append((start, length))
            start += length
    return tuple(notes)


def _play(section: _Section, style: _Style, rng: np.random.Generator) -> dict[str, list[Note]]:
    """Return the notes of every pitched part, from beat 0 of the section, freshly varied."""
    parts: dict[str, list[Note]] = {"melody": [], "chords": [], "bass": [], "pad": []}
    for bar, degree in enumerate(section.chords):
        start = float(bar * style.beats_per_bar)
        chord = [style.pitch(degree + step, octave=4) for step in (0, 2, 4, 7)]
        parts["pad"] += [Note(start, style.beats_per_bar, pitch, 0.6) for pitch in chord[:3]]
        for beat, length, step in section.chord_rhythm:
            sounding = chord[:3] if step == WHOLE_CHORD else [chord[step]]
            parts["chords"] += [Note(start + beat, length, pitch, 0.7) for pitch in sounding]
        for beat, length, step in section.bass_line:
            pitch = style.pitch(degree + step, octave=2)
            parts["bass"].append(Note(start + beat, length, pitch, 0.9))
    for beat, length, degree in section.melody:
        chance = rng.random()
        if chance < SHARE_SKIPPED:
            continue
        neighbour = degree + int(chance > 1 - SHARE_RAISED)
        accent = 1.0 if beat % style.beats_per_bar == 0 else 0.8
        parts["melody"].append(Note(beat, length, style.pitch(neighbour, octave=5), accent))
    return parts


def _moved(note: Note, start_beat: float, style: _Style) -> Note:
    """Return ``note`` in its section that begins at ``start_beat``, swung."""
    return replace(note, start_beat=start_beat + style.swung(note.start_beat))


def _drum(
    style: _Style, start_beat: float, *, is_loud: bool, rng: np.random.Generator
) -> list[Hit]:
    """Return the drum strokes of a section: the groove bar by bar, with a fill at the end."""
    if not style.groove:
        return []
    hits = []
    for bar in range(style.bars_per_section):
        is_last = bar == style.bars_per_section - 1
        groove = FILLS[style.beats_per_bar] if is_last else style.groove
        bar_beat = start_beat + bar * style.beats_per_bar
        if is_loud and bar == 0:
            hits.append(Hit(bar_beat, "open_hat", 1.0))
        for drum, beats in groove.items():
            for beat in beats:
                velocity = (1.0 if beat % 1 == 0 else 0.7) * float(rng.uniform(0.8, 1.0))
                hits.append(Hit(bar_beat + style.swung(beat), drum, velocity))
    return hits


def _one_of(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    """Return one of ``choices``, all equally likely."""
    return choices[int(rng.integers(len(choices)))]
