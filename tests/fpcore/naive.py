"""Slow and plain references for the fast code of `fpcore`: loops over Python numbers.

Each follows the definition in the docstring of what it checks, not its implementation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal as scipy_signal

from fpcore.config import FingerprintConfig
from fpcore.records import Peaks, Postings, QueryHashes

Hit = tuple[int, int, int, int, float]  # query row, song id, frame, offset in ticks, weight


def amplitudes(samples: NDArray[np.float32], config: FingerprintConfig) -> NDArray[np.float64]:
    """Return the unrounded amplitudes (n_frames, n_bins) of the band; a full-scale sine is 1."""
    n_fft, hop = config.spectrogram.n_fft, config.spectrogram.hop_length
    window = scipy_signal.get_window(config.spectrogram.window, n_fft, fftbins=True)
    rows = []
    start = 0
    while start + n_fft <= len(samples):
        frame = samples[start : start + n_fft].astype(np.float64)
        spectrum = np.fft.rfft(frame * window) * 2 / window.sum()
        rows.append(np.abs(spectrum[config.first_bin : config.first_bin + config.n_bins]))
        start += hop
    return np.array(rows).reshape(-1, config.n_bins)


def minus_box_mean(
    level_db: NDArray[np.float32], radius_frames: int, radius_bins: int
) -> NDArray[np.float32]:
    """Return each level minus the mean of the box around it, cut off at the edges."""
    result = np.empty_like(level_db)
    for i, j in np.ndindex(level_db.shape):
        box = level_db[
            max(i - radius_frames, 0) : i + radius_frames + 1,
            max(j - radius_bins, 0) : j + radius_bins + 1,
        ]
        total = math.fsum(float(level) for level in box.flat)
        result[i, j] = np.float32(float(level_db[i, j]) - total / box.size)
    return result


def local_maxima(
    height_db: NDArray[np.float32],
    level_db: NDArray[np.float32],
    floor_db: float,
    n_frames: int,
    n_bins: int,
) -> list[tuple[int, int]]:
    """Return the elements that are highest in their window, the first of equals, above a floor."""
    rows, columns = height_db.shape
    found = []
    for i, j in np.ndindex(rows, columns):
        beaten = False
        for m in range(i - n_frames // 2, i + (n_frames - 1) // 2 + 1):
            for n in range(j - n_bins // 2, j + (n_bins - 1) // 2 + 1):
                if 0 <= m < rows and 0 <= n < columns:
                    higher = height_db[m, n] > height_db[i, j]
                    same_but_first = height_db[m, n] == height_db[i, j] and (m, n) < (i, j)
                    beaten = beaten or bool(higher or same_but_first)
        if not beaten and level_db[i, j] > floor_db:
            found.append((i, j))
    return found


def thinned(
    frames: Sequence[int],
    levels: Sequence[float],
    *,
    hop_s: float,
    window_s: float,
    max_per_s: float,
) -> list[int]:
    """Return the indices of the peaks kept: per window of time the highest, up to its quota."""
    by_window = defaultdict(list)
    for index, frame in enumerate(frames):
        by_window[math.floor(frame / (window_s / hop_s))].append(index)
    kept: list[int] = []
    for window, members in by_window.items():
        accrued_before = math.floor(window * (max_per_s * window_s))
        accrued = math.floor((window + 1) * (max_per_s * window_s))
        members.sort(key=lambda index: (-levels[index], index))
        kept += members[: accrued - accrued_before]
    return sorted(kept)


def pairs(
    frames: Sequence[int],
    bins: Sequence[int],
    *,
    fan_out: int,
    min_delta_frames: int,
    max_delta_frames: int,
    max_delta_bins: int,
) -> list[tuple[int, int]]:
    """Return (anchor, target) indices: for each peak the first ones after it in its zone."""
    found = []
    for anchor in range(len(frames)):
        zone = [
            target
            for target in range(anchor + 1, len(frames))
            if min_delta_frames <= frames[target] - frames[anchor] <= max_delta_frames
            and abs(bins[target] - bins[anchor]) <= max_delta_bins
        ]
        found += [(anchor, target) for target in zone[:fan_out]]
    return found


def windows(found: Sequence[Hit], width_ticks: int) -> list[tuple[int, float]]:
    """Return (end, weight) of the window that begins at each hit; each query hash weighs once."""
    result = []
    for start, first in enumerate(found):
        inside = [
            row
            for row in range(start, len(found))
            if found[row][1] == first[1] and found[row][3] - first[3] <= width_ticks
        ]
        weights = {found[row][0]: found[row][4] for row in inside}
        result.append((inside[-1] + 1, math.fsum(weights.values())))
    return result


def hits(query: QueryHashes, tokens: Sequence[int], postings: Postings) -> list[Hit]:
    """Return every posting against every query hash of its token, by (song, offset, row)."""
    n_postings = [list(postings.query_row).count(row) for row in range(len(tokens))]
    found = []
    for row, (token, tick) in enumerate(zip(query.token, query.tick, strict=True)):
        looked_up = list(tokens).index(token)
        for at, song, frame in zip(
            postings.query_row, postings.song_id, postings.frame, strict=True
        ):
            if at == looked_up:
                offset = int(frame) * query.ticks_per_frame - int(tick)
                weight = round(2**20 / math.log2(2 + n_postings[looked_up])) / 2**20
                found.append((row, int(song), int(frame), offset, weight))
    return sorted(found, key=lambda hit: (hit[1], hit[3], hit[0], hit[2]))


def top_windows(found: Sequence[Hit], width_ticks: int, n_windows: int) -> list[tuple[int, int]]:
    """Return (start, end) of the heaviest windows of one song that share no hit, in order."""
    heaviest = sorted(
        (-weight, start, end) for start, (end, weight) in enumerate(windows(found, width_ticks))
    )
    chosen: list[tuple[int, int]] = []
    for _, start, end in heaviest:
        if all(end <= other_start or other_end <= start for other_start, other_end in chosen):
            chosen.append((start, end))
    return chosen[:n_windows]


def heaviest_windows(found: Sequence[Hit], width_ticks: int) -> dict[int, float]:
    """Return the weight of the heaviest window of each song."""
    heaviest: dict[int, float] = {}
    for hit, (_, weight) in zip(found, windows(found, width_ticks), strict=True):
        heaviest[hit[1]] = max(heaviest.get(hit[1], 0.0), weight)
    return heaviest


def usual_weight(found: Sequence[Hit]) -> float:
    """Return the mean weight of the query hashes that have a hit."""
    weights = {hit[0]: hit[4] for hit in found}.values()
    return math.fsum(weights) / len(weights) if weights else 1.0


def chance_weight(found: Sequence[Hit], query: QueryHashes, width_ticks: int) -> float:
    """Return the weight that 95% of the other songs do not exceed when time is warped.

    It is at least that of two usual hits.
    """
    heaviest = heaviest_windows(found, width_ticks)
    least = 2 * usual_weight(found)
    if len(heaviest) == 1:  # the song is judged by its hits outside its heaviest window
        in_song = windows(found, width_ticks)
        start = max(range(len(found)), key=lambda row: (in_song[row][1], -row))
        found = [*found[:start], *found[in_song[start][0] :]]
    if not found:
        return least
    best = min(heaviest, key=lambda song: (-heaviest[song], song))
    others = [song for song in heaviest if song != best] or [best]
    chances: list[float] = []
    for warp in [1, *(sign * size for size in range(2, 9) for sign in (1, -1)), 9]:
        if len(chances) >= 100:
            break
        decoys = []
        for row, song, frame, _, weight in found:
            ticks = frame * query.ticks_per_frame + warp * int(query.tick[row])
            decoys.append((row, song, frame, ticks, weight))
        by_chance = heaviest_windows(sorted(decoys, key=lambda hit: (hit[1], hit[3])), width_ticks)
        chances += [by_chance[song] for song in others]
    chances.sort()
    place = 0.95 * (len(chances) - 1)
    below, above = chances[math.floor(place)], chances[math.ceil(place)]
    return max(least, below + (above - below) * (place - math.floor(place)))


def candidates(
    found: Sequence[Hit],
    query: QueryHashes,
    *,
    width_ticks: int,
    n_candidates: int,
    n_offsets: int,
) -> list[tuple[int, float, int, float, float]]:
    """Return the rows of `Candidates`."""
    chance, usual = chance_weight(found, query, width_ticks), usual_weight(found)
    heaviest = heaviest_windows(found, width_ticks)
    rows = []
    for song in sorted(heaviest, key=lambda song: (-heaviest[song], song))[:n_candidates]:
        own = [hit for hit in found if hit[1] == song]
        for start, end in top_windows(own, width_ticks, n_offsets):
            window = own[start:end]
            offset = math.fsum(hit[3] * hit[4] for hit in window) / math.fsum(
                hit[4] for hit in window
            )
            first_of_row = {hit[0]: hit for hit in reversed(window)}.values()
            idf = math.fsum(hit[4] for hit in first_of_row)
            rows.append((song, offset, len(first_of_row), idf / usual, chance / usual))
    return rows


def verification(
    song: Peaks,
    offset_ticks: float,
    query_peaks: Sequence[tuple[int, int, float]],
    ticks_per_frame: int,
) -> list[tuple[float, float]]:
    """Return, for each song peak in the span of a query's (tick, bin, level) peaks, two numbers.

    How near the query has it, and by how many dB the levels differ.
    """
    found: list[tuple[float, float]] = []
    if not query_peaks:
        return found
    first, last = min(query_peaks)[0], max(query_peaks)[0]
    near_ticks, reach_ticks = 0.5 * ticks_per_frame, 1.5 * ticks_per_frame
    columns = song.frame.tolist(), song.bin.tolist(), song.level_db.tolist()
    for frame, bin_, level_db in zip(*columns, strict=True):
        place = frame * ticks_per_frame - offset_ticks
        if first <= place <= last:
            reached = [
                (abs(tick - place), abs(other_db - level_db))
                for tick, other, other_db in query_peaks
                if abs(other - bin_) <= 1 and abs(tick - place) < reach_ticks
            ]
            weights = [(reach_ticks - d) / (reach_ticks - near_ticks) for d, _ in reached]
            nearest_db = min([math.inf, *(apart_db for _, apart_db in reached)])
            found.append((min(1.0, max([0.0, *weights])), nearest_db))
    return found
