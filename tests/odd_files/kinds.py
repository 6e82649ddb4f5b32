"""Every kind of file that FFmpeg, libsndfile or a program of Debian writes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests import audio_files
from tests.audio_files import by_ffmpeg, by_libsndfile
from tests.odd_files.dsf import write_dsf
from tests.odd_files.sound import RATE_HZ, SOUND_S, sound

Writer = Callable[[Path, audio_files.Samples, int], None]


class Kind(NamedTuple):
    """How to write a kind of file, and the sound that goes into it.

    ``program`` is what must be installed to write it, empty for the libraries of the project.
    """

    write: Writer
    rate_hz: int = RATE_HZ
    n_channels: int = 2
    program: str = ""


def _mp3(container: str) -> Writer:
    """Return a writer of MP3, as fast as the encoder goes."""
    return by_ffmpeg(container, "libmp3lame", codec_options={"compression_level": "9"})


def by_program(*command: str) -> Writer:
    """Return a writer by a program that reads the WAV file ``{wav}`` and writes ``{out}``.

    Without ``{out}`` its standard output is the file, which it then cannot go back in.
    """

    def write(path: Path, samples: audio_files.Samples, rate_hz: int) -> None:
        with TemporaryDirectory() as folder:
            wav = audio_files.write(Path(folder, "sound.wav"), samples, rate_hz, kind="pcm16.wav")
            mka = Path(folder, "sound.mka")
            if "{mka}" in command:
                _mp3("matroska")(mka, samples, rate_hz)
            places = {"wav": str(wav), "mka": str(mka), "out": str(path)}
            filled = [part.format(**places) for part in command]
            done = subprocess.run(filled, capture_output=True, check=True)
            if "{out}" not in command:
                path.write_bytes(done.stdout)

    return write


def _program(*command: str) -> Kind:
    return Kind(by_program(*command), program=command[0])


ORDINARY = {kind: Kind(write) for kind, write in audio_files.EVERY_KIND.items()}

PCM = {
    "pcm16.w64": Kind(by_libsndfile("W64", "PCM_16")),
    "pcm16.rf64": Kind(by_libsndfile("RF64", "PCM_16")),
    "pcm8.aiff": Kind(by_libsndfile("AIFF", "PCM_S8")),
    "pcm24.aiff": Kind(by_libsndfile("AIFF", "PCM_24")),
    "float32.aifc": Kind(by_libsndfile("AIFF", "FLOAT")),
    "sowt.aifc": Kind(by_ffmpeg("aiff", "pcm_s16le")),
    "pcm16.au": Kind(by_libsndfile("AU", "PCM_16")),
    "ulaw.au": Kind(by_libsndfile("AU", "ULAW")),
    "pcm16.caf": Kind(by_libsndfile("CAF", "PCM_16")),
    "float64.caf": Kind(by_libsndfile("CAF", "DOUBLE")),
    "pcm16.voc": Kind(by_libsndfile("VOC", "PCM_16"), rate_hz=44_100),
    "pcm16.nist": Kind(by_libsndfile("NIST", "PCM_16")),
    "pcm16.ircam": Kind(by_libsndfile("IRCAM", "PCM_16")),
    "pcm16.8svx": Kind(by_libsndfile("SVX", "PCM_16"), n_channels=1),
    "pcm16.pvf": Kind(by_libsndfile("PVF", "PCM_16")),
    "pcm16.paf": Kind(by_libsndfile("PAF", "PCM_16")),
    "pcm16.avr": Kind(by_libsndfile("AVR", "PCM_16")),
    "pcm16.mat4": Kind(by_libsndfile("MAT4", "PCM_16")),
    "pcm16.mov": Kind(by_ffmpeg("mov", "pcm_s16le")),
    "pcm24.mka": Kind(by_ffmpeg("matroska", "pcm_s24le")),
    "pcm16.avi": Kind(by_ffmpeg("avi", "pcm_s16le")),
    "pcm16.nut": Kind(by_ffmpeg("nut", "pcm_s16le")),
    "alaw.wav": Kind(by_libsndfile("WAV", "ALAW"), rate_hz=8_000, n_channels=1),
    "ulaw.wav": Kind(by_libsndfile("WAV", "ULAW"), rate_hz=8_000, n_channels=1),
    "ima.wav": Kind(by_libsndfile("WAV", "IMA_ADPCM")),
    "ms.wav": Kind(by_libsndfile("WAV", "MS_ADPCM")),
    "gsm.wav": Kind(by_libsndfile("WAV", "GSM610"), rate_hz=8_000, n_channels=1),
    "mp3.wav": Kind(_mp3("wav")),
    "sox.wav": _program("sox", "{wav}", "{out}"),
    "streamed-by-sox.wav": _program("sox", "{wav}", "-t", "wav", "-"),
    "streamed-by-sox.au": _program("sox", "{wav}", "-t", "au", "-"),
    "sox.sph": _program("sox", "{wav}", "-t", "sph", "{out}"),
    "sox.sox": _program("sox", "{wav}", "-t", "sox", "{out}"),
}

LOSSLESS = {
    "pcm16.oga": Kind(by_ffmpeg("ogg", "flac")),
    "flac.mka": Kind(by_ffmpeg("matroska", "flac")),
    "flac.mp4": Kind(by_ffmpeg("mp4", "flac")),
    "alac.caf": Kind(by_libsndfile("CAF", "ALAC_16")),
    "alac.mka": Kind(by_ffmpeg("matroska", "alac")),
    "wavpack.wv": Kind(by_ffmpeg("wv", "wavpack")),
    "wavpack.mka": Kind(by_ffmpeg("matroska", "wavpack")),
    "tta.tta": Kind(by_ffmpeg("tta", "tta")),
    "tta.mka": Kind(by_ffmpeg("matroska", "tta")),
    "dsd64.dsf": Kind(write_dsf, rate_hz=44_100, n_channels=1),
}

MPEG = {
    "lame-cbr.mp3": _program("lame", "--quiet", "-b", "128", "{wav}", "{out}"),
    "lame-vbr.mp3": _program("lame", "--quiet", "-V", "5", "{wav}", "{out}"),
    "lame-vbr-without-xing.mp3": _program("lame", "--quiet", "-t", "-V", "5", "{wav}", "{out}"),
    "lame-tagged.mp3": _program(
        *("lame", "--quiet", "--add-id3v2", "--tt", "A title", "--ta", "An artist"),
        *("{wav}", "{out}"),
    ),
    "lame-mono-16k.mp3": _program(
        "lame", "--quiet", "-m", "m", "--resample", "16", "{wav}", "{out}"
    ),
    "lame-8k.mp3": _program("lame", "--quiet", "-m", "m", "--resample", "8", "{wav}", "{out}"),
    "mp2.mp2": Kind(by_ffmpeg("mp2", "mp2")),
    "mp2.mpg": Kind(by_ffmpeg("mpeg", "mp2")),
    "mp2.ts": Kind(by_ffmpeg("mpegts", "mp2")),
    "mp3.ts": Kind(_mp3("mpegts")),
    "mp3.avi": Kind(_mp3("avi")),
    "mp3.flv": Kind(_mp3("flv"), rate_hz=44_100),
    "mp3.mka": Kind(_mp3("matroska")),
    "mp3.m4a": Kind(_mp3("mp4")),
    "laced-by-mkvmerge.mka": _program("mkvmerge", "-q", "-o", "{out}", "{mka}"),
    "late-by-mkvmerge.mka": _program("mkvmerge", "-q", "-o", "{out}", "-y", "0:3000", "{mka}"),
    "joined-by-mkvmerge.mka": _program("mkvmerge", "-q", "-o", "{out}", "{mka}", "+", "{mka}"),
}

LOSSY = {
    "aac.ts": Kind(by_ffmpeg("mpegts", "aac")),
    "aac.mka": Kind(by_ffmpeg("matroska", "aac")),
    "aac.flv": Kind(by_ffmpeg("flv", "aac"), rate_hz=44_100),
    "aac.3gp": Kind(by_ffmpeg("3gp", "aac")),
    "aac.latm": Kind(by_ffmpeg("latm", "aac")),
    "ac3.ac3": Kind(by_ffmpeg("ac3", "ac3")),
    "ac3.ts": Kind(by_ffmpeg("mpegts", "ac3")),
    "ac3.mka": Kind(by_ffmpeg("matroska", "ac3")),
    "ac3.avi": Kind(by_ffmpeg("avi", "ac3")),
    "eac3.eac3": Kind(by_ffmpeg("eac3", "eac3")),
    "eac3.mp4": Kind(by_ffmpeg("mp4", "eac3")),
    "wmav1.wma": Kind(by_ffmpeg("asf", "wmav1", codec_options={"b": "128000"})),
    "wmav2.wma": Kind(by_ffmpeg("asf", "wmav2", codec_options={"b": "128000"})),
    "amr.amr": Kind(by_ffmpeg("amr", "libopencore_amrnb"), rate_hz=8_000, n_channels=1),
    "amr.3gp": Kind(by_ffmpeg("3gp", "libopencore_amrnb"), rate_hz=8_000, n_channels=1),
    "opus.ts": Kind(by_ffmpeg("mpegts", "libopus")),
    "opus.mp4": Kind(by_ffmpeg("mp4", "libopus")),
    "opus.mka": Kind(by_ffmpeg("matroska", "libopus")),
    "vorbis.mka": Kind(by_ffmpeg("matroska", "vorbis", codec_options={"strict": "-2"})),
    "oggenc.ogg": _program("oggenc", "-Q", "-s", "7", "-o", "{out}", "{wav}"),
    "oggenc-skeleton.ogg": _program("oggenc", "-Q", "-s", "7", "-k", "-o", "{out}", "{wav}"),
    "oggenc-managed.ogg": _program(
        *("oggenc", "-Q", "-s", "7", "--managed", "-b", "96", "-c", "artist=Somebody"),
        *("-o", "{out}", "{wav}"),
    ),
}

KINDS = ORDINARY | PCM | LOSSLESS | MPEG | LOSSY


@cache
def encoded(
    name: str, *, rate_hz: int = 0, n_channels: int = 0, duration_s: float = SOUND_S
) -> bytes:
    """Return the bytes of a kind of file, with the sound at its own rate and channels or others."""
    kind = KINDS[name]
    rate_hz, n_channels = rate_hz or kind.rate_hz, n_channels or kind.n_channels
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        kind.write(path, sound(rate_hz, n_channels, duration_s), rate_hz)
        return path.read_bytes()
