"""Mixing to mono: the average of the channels, unless it loses what is worth to be heard.

A microphone with its polarity reversed gives the music with the opposite sign in one channel. The
average of the channels then cancels the music and keeps the noise, which differs from channel to
channel; so channels are reversed before they are averaged. A channel that holds nothing but noise
as loud as the music of the others would bury it, and is left out.

It is decided for stretches of `STRETCH_S` seconds, so that the result depends on the file alone
and not on how it is read in blocks. A first look at some samples passes over whatever channels
neither oppose each other nor hiss. Those that do are looked at closely: at their spectra, whose
peaks stand out of the noise, and at how much of the peaks' power a mix keeps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fpcore.audio.decoding import DecodedBlock, MonoBlock
from fpcore.records import FloatArray, Remixed

Signs = tuple[int, ...]
"""What each channel is multiplied by before all are averaged: 1, -1 to reverse it, 0 to drop it."""

STRETCH_S = 2.0
"""Long enough to tell a reversed channel from a chord that happens to be out of phase."""

_MAX_VALUES = 2**22
"""Most samples, of all channels together, that wait for the end of their stretch."""

_LOOK_STEP = 32
"""The first look takes two neighbouring frames of so many."""

_OPPOSED = -0.1
"""Correlation of two channels at the first look below which a close one follows. So it does in one
stretch of 18 of music in stereo."""

_STEADY = 0.2
"""How much the power of a tenth of a second may differ, as a share of it, for a close look at
whether the channel is noise. Of noise alone chance makes it 0.12."""

_LOOK_PARTS = 20

_WINDOW_S = 0.046
_BAND_HZ = (200.0, 5000.0)
_GROUP_BINS = 32
"""The strongest of so many neighbouring bins in a window may be a peak."""

_PROMINENCE = 7.0
"""It is one if it has so many times their mean power; in noise few have."""

_FAINTEST = 1e-5
"""Share of the strongest peak's power from which on a peak counts: what is left of a sound that
fades is mostly the encoder's own noise."""

_NOISE_DB = -3.0
"""Mean level in decibels, relative to that of the mean power, from which on a channel is noise: of
stationary noise it is -2.5, of the densest music -3.1."""

_MUSIC_DB = -5.0
"""Mean level up to which a channel may be music that noise would bury."""

_FAINT = 1e-6
"""Share of another channel's power below which a channel counts as silent."""

_LARGEST = 1e12
"""Samples of which the power spectrum still fits into float32."""

_MIN_PEAKS = 8
"""With fewer peaks a stretch tells nothing, and is mixed like the one before."""

_LOST = 0.4
"""The average is given up where it keeps less than this; 1 is kept of channels that have nothing
in common, also of one alone. Of two equal channels it means a correlation of -0.6. In 232 pieces
of music in stereo no stretch was below 0.5, and with a microphone reversed 0.1 is usual."""

_GAIN = 0.25
"""Share of the power that another mix must keep more, so that noise does not decide."""


def average(channels: NDArray[np.float32], signs: Signs | None = None) -> FloatArray:
    """Return the average of the channels as a new array.

    Adding whole channels one after the other is as fast as a matrix product, thirty times as
    fast as ``np.mean`` over interleaved samples, and gives each sample the same bits wherever
    a block begins, which no BLAS promises.

    Parameters
    ----------
    channels : ndarray of float32, shape (n_channels, n)
        The samples.
    signs : tuple of int, optional
        A factor for each channel, not all of them 0; without, all are 1.

    Returns
    -------
    ndarray of float32, shape (n,)
        The average of the channels times their signs, of those whose sign is not 0.
    """
    used = [number for number in range(len(channels)) if signs is None or signs[number]]
    mono = np.array(channels[used[0]])
    with np.errstate(over="ignore", invalid="ignore"):
        for number in used[1:]:
            if signs is None or signs[number] == signs[used[0]]:
                mono += channels[number]
            else:
                mono -= channels[number]
        if len(used) > 1:
            mono *= np.float32(1 / len(used))
    return mono


class Downmix:
    """Mixes the blocks of one file to mono, and notes where that is not the plain average."""

    def __init__(self) -> None:
        self._stretch: _Stretch | None = None
        self._signs: Signs = ()
        self._rate_hz = 1
        self._n_remixed = 0
        self._reversed: set[int] = set()
        self._left_out: set[int] = set()

    @property
    def remixed(self) -> Remixed | None:
        """Which channels were reversed or left out, and for how long; None when none was."""
        if not self._n_remixed:
            return None
        return Remixed(
            tuple(sorted(self._reversed)),
            tuple(sorted(self._left_out)),
            self._n_remixed / self._rate_hz,
        )

    def add(self, block: DecodedBlock) -> Iterator[MonoBlock]:
        """Take the next block, and yield what is mixed so far and was not yielded before."""
        n_channels = len(block.channels)
        if self._stretch is not None and not self._stretch.continues(block):
            yield from self.rest()
            self._stretch = None
        if n_channels == 1:
            yield MonoBlock(average(block.channels), block.sample_rate_hz)
            return
        if self._stretch is None:
            self._signs = (1,) * n_channels
            self._stretch = _Stretch(n_channels, block.sample_rate_hz)
        rest = block.channels
        while rest.shape[1]:
            rest = self._stretch.fill(rest)
            if self._stretch.is_full:
                yield from self.rest()

    def rest(self) -> Iterator[MonoBlock]:
        """Yield what waits for the end of its stretch, which then begins anew."""
        if self._stretch is None or not self._stretch.blocks:
            return
        stretch = self._stretch
        self._stretch = _Stretch(stretch.n_channels, stretch.rate_hz)
        self._signs = _chosen(stretch, self._signs)
        is_average = min(self._signs) > 0
        if not is_average:
            self._note(stretch)
        for channels in stretch.blocks:
            mono = average(channels, None if is_average else self._signs)
            yield MonoBlock(mono, stretch.rate_hz)

    def _note(self, stretch: _Stretch) -> None:
        self._rate_hz = stretch.rate_hz
        self._n_remixed += stretch.n_frames
        for number, sign in enumerate(self._signs, start=1):
            if sign < 0:
                self._reversed.add(number)
            elif sign == 0:
                self._left_out.add(number)


class _Stretch:
    """Blocks (n_channels, n) of one layout that are mixed alike, and the samples to look at."""

    def __init__(self, n_channels: int, rate_hz: int) -> None:
        self.n_channels = n_channels
        self.rate_hz = rate_hz
        self.n_frames = 0
        self.blocks: list[NDArray[np.float32]] = []
        self._length = max(1, min(round(STRETCH_S * rate_hz), _MAX_VALUES // n_channels))
        self._looked_at: tuple[list[NDArray[np.float32]], ...] = ([], [])

    def continues(self, block: DecodedBlock) -> bool:
        """Whether a block has the layout of this stretch."""
        return (len(block.channels), block.sample_rate_hz) == (self.n_channels, self.rate_hz)

    @property
    def is_full(self) -> bool:
        return self.n_frames == self._length

    def fill(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take of the channels what fits, and return what is left."""
        new = channels[:, : self._length - self.n_frames]
        for neighbour, samples in enumerate(self._looked_at):
            samples.append(new[:, (neighbour - self.n_frames) % _LOOK_STEP :: _LOOK_STEP])
        self.blocks.append(new)
        self.n_frames += new.shape[1]
        return channels[:, new.shape[1] :]

    def is_suspicious(self) -> bool:
        """Whether at the first look two channels oppose each other, or one holds loud noise.

        A constant or a hum in all channels hides in the samples that the rest is opposed, and
        hiss hides it in their differences; so both are looked at.
        """
        first, second = (np.concatenate(samples, axis=1) for samples in self._looked_at)
        first = first[:, : second.shape[1]]
        if first.shape[1] < _LOOK_PARTS:
            return False
        with np.errstate(over="ignore", invalid="ignore"):
            change = second - first
            return _oppose(first) or _oppose(change) or _hiss(change)

    def whole(self) -> NDArray[np.float32]:
        """Return the samples, float32 (n_channels, n)."""
        return np.concatenate(self.blocks, axis=1)


def _oppose(channels: NDArray[np.float32]) -> bool:
    """Whether two of the channels (n_channels, n) have a negative correlation worth a closer look.

    It is their product over their mean power: of channels whose levels differ a lot, none cancels
    the other.
    """
    centred = channels - channels.mean(axis=1, keepdims=True)
    products = centred @ centred.T
    level = (products.diagonal() + products.diagonal()[:, np.newaxis]) / 2
    return bool((products < _OPPOSED * level).any())


def _hiss(channels: NDArray[np.float32]) -> bool:
    """Whether one of the channels (n_channels, n) is steady, and not softer than another."""
    n = channels.shape[1] // _LOOK_PARTS * _LOOK_PARTS
    parts = (channels[:, :n] ** 2).reshape(len(channels), _LOOK_PARTS, -1).mean(axis=-1)
    power = parts.mean(axis=1)
    steady = parts.std(axis=1) < _STEADY * power
    softest = power[power > _FAINT * power.max()].min(initial=np.inf)
    return bool((steady & (power > softest)).any())


def _chosen(stretch: _Stretch, before: Signs) -> Signs:
    """Return the signs with which to mix a stretch, when the one before was mixed with others."""
    if min(before) > 0 and not stretch.is_suspicious():
        return before
    spectra = _spectra(stretch.whole(), stretch.rate_hz)
    used = ~_is_loud_noise(spectra)
    products, n_peaks = _peak_products(spectra * used[:, np.newaxis, np.newaxis, np.newaxis])
    if n_peaks < _MIN_PEAKS:
        return before
    signs = _signs(products, tuple(sign or 1 for sign in before))
    return tuple(sign if use else 0 for sign, use in zip(signs, used.tolist(), strict=True))


def _signs(products: NDArray[np.float64], before: Signs) -> Signs:
    """Return the signs, none of them 0, that keep the power of the peaks.

    To reverse channels takes strong evidence, to go on with it only that the average keeps less.
    """
    as_they_are = (1,) * len(before)
    average_keeps = _kept(products, as_they_are)
    if before == as_they_are and average_keeps > _LOST:
        return before
    best = _reversed(products)
    if _kept(products, best) < _kept(products, before) + _GAIN:
        best = before
    return best if _kept(products, best) > average_keeps + _GAIN else as_they_are


def _kept(products: NDArray[np.float64], signs: Signs) -> float:
    """Return the power of a mix at the peaks; 1 for channels that have nothing in common."""
    return float(np.array(signs) @ products @ np.array(signs))


def _reversed(products: NDArray[np.float64]) -> Signs:
    """Return the signs found by reversing channels one by one, each time the one that adds most.

    Of channels that add about as much it is the last one, so that noise does not choose.
    """
    signs = np.ones(len(products))
    while True:
        others = products * signs * signs[:, np.newaxis]
        gains = -4 * (others.sum(axis=1) - others.diagonal())
        best = int(np.flatnonzero(gains > gains.max() - _GAIN)[-1])
        if gains[best] < _GAIN:
            break
        signs[best] = -signs[best]
    # To reverse all is to reverse none: the first channel stays as it is.
    return tuple((signs * signs[0]).astype(int).tolist())


def _spectra(channels: NDArray[np.float32], rate_hz: int) -> NDArray[np.complex64]:
    """Return the spectra of windows, (n_channels, n_windows, n_groups, `_GROUP_BINS`).

    Samples that are no finite numbers, or too large to be squared, give no windows.
    """
    from scipy import fft  # a third of a second to import, and half the time of numpy.fft

    n_fft = 2 ** round(np.log2(_WINDOW_S * rate_hz))
    is_sound = abs(channels).max(initial=0.0) < _LARGEST  # false for NaN as well
    n_windows = channels.shape[1] // n_fft if is_sound else 0
    first, last = (min(round(hz / rate_hz * n_fft), n_fft // 2) for hz in _BAND_HZ)
    n_groups = (last - first) // _GROUP_BINS
    shape = (len(channels), n_windows, n_groups, _GROUP_BINS)
    if not n_windows:
        return np.empty(shape, np.complex64)
    windows = channels[:, : n_windows * n_fft].reshape(len(channels), n_windows, n_fft)
    spectra = fft.rfft(windows * np.hanning(n_fft).astype(np.float32))
    band: NDArray[np.complex64] = spectra[:, :, first : first + n_groups * _GROUP_BINS]
    return band.reshape(shape)


def _power(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    power: NDArray[np.float32] = spectra.real**2 + spectra.imag**2
    return power


def _is_loud_noise(spectra: NDArray[np.complex64]) -> NDArray[np.bool_]:
    """Return of each channel whether it is stationary noise and louder than all the music."""
    if not spectra.size:
        return np.zeros(len(spectra), np.bool_)
    power = np.maximum(_power(spectra).astype(np.float64), np.finfo(np.float32).tiny)
    mean = power.mean(axis=(1, 3))
    level_db = 10 * np.log10(power).mean(axis=(1, 3))
    flatness_db = (level_db - 10 * np.log10(mean)).mean(axis=1)
    loudness = mean.mean(axis=1)
    is_music = (flatness_db < _MUSIC_DB) & (loudness > _FAINT * loudness.max())
    loudest: float = loudness[is_music].max(initial=-np.inf)
    buries: NDArray[np.bool_] = (flatness_db > _NOISE_DB) & (loudness > loudest)
    return buries if is_music.any() else np.zeros(len(spectra), np.bool_)


def _peak_products(spectra: NDArray[np.complex64]) -> tuple[NDArray[np.float64], int]:
    """Return how the channels agree at the peaks of their spectra, and the number of peaks.

    Returns
    -------
    products : ndarray of float64, shape (n_channels, n_channels)
        The real part of the product of each two channels' spectra, averaged over the peaks, of
        which each weighs the same. The diagonal adds up to 1.
    n_peaks : int
        0 where there is no sound.
    """
    power = _power(spectra).sum(axis=0)
    place = power.argmax(axis=-1, keepdims=True)
    highest = np.take_along_axis(power, place, -1)
    is_peak = highest > np.maximum(
        _PROMINENCE * power.mean(axis=-1, keepdims=True),
        _FAINTEST * highest.max(initial=np.finfo(np.float32).tiny),
    )
    peaks = np.take_along_axis(spectra, place[np.newaxis], -1)[:, is_peak]
    peaks = peaks.astype(np.complex128) / np.sqrt(highest[is_peak])
    return (peaks @ peaks.conj().T).real / max(1, peaks.shape[1]), peaks.shape[1]
