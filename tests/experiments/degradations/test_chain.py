from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile
from pydantic import TypeAdapter

from experiments.degradations import CONDITIONS, Condition, SilentSignalError, degrade
from experiments.degradations.chain import STEPS
from experiments.degradations.config import (
    Babble,
    BandPass,
    Clipping,
    Codec,
    Degradation,
    Fade,
    Gain,
    MeasuredRoom,
    Pink,
    Pitch,
    Recording,
    Room,
    Speed,
    Surround,
    Telephone,
    Tempo,
    White,
)
from fpcore.errors import AudioError
from fpcore.records import Signal

RATE_HZ = 22050
RANDOM = [
    White(snr_db=0),
    Pink(snr_db=0),
    Babble(snr_db=0, talkers="synthetic"),
    Babble(snr_db=0, talkers="recorded", n_talkers=3),
    Recording(snr_db=0),
    Room(rt60_s=0.3, n_positions=8),
    MeasuredRoom(),
    Surround(before_s=1, between_s=0.5, after_s=2, filling=Recording(snr_db=0)),
]
FIXED = [
    Codec(codec="mp3", bit_rate_bps=32_000),
    Codec(codec="aac", bit_rate_bps=32_000),
    Codec(codec="opus", bit_rate_bps=16_000),
    Telephone(),
    BandPass(),
    Clipping(ceiling_share=0.2),
    Gain(gain_db=-3),
    Speed(factor=1.02),
    Pitch(semitones=1),
    Tempo(factor=0.94),
    Fade(in_s=1, out_s=2),
    Surround(before_s=1, between_s=0.5, after_s=2),
]
NOISE = [*RANDOM[:5], RANDOM[-1]]


def name(degradation: Degradation) -> str:
    return "-".join(str(value) for value in degradation.model_dump().values())


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, list[Path]]:
    paths = []
    for i in range(6):
        noise = np.random.default_rng(i).standard_normal(RATE_HZ) * np.exp(
            -np.arange(RATE_HZ) / 4e3
        )
        paths.append(tmp_path / f"{i}.wav")
        soundfile.write(paths[-1], 0.1 * noise, RATE_HZ, subtype="FLOAT")
    return {"noise": paths, "speech": paths, "rooms": paths}


def test_every_kind_is_tried_here_and_has_its_function() -> None:
    union = get_args(get_args(Degradation)[0])
    kinds = [model.model_fields["kind"].default for model in union]
    assert set(kinds) == set(STEPS)
    assert set(kinds) == {degradation.kind for degradation in RANDOM + FIXED}


@pytest.mark.parametrize("degradation", RANDOM + FIXED, ids=name)
def test_equal_generators_give_equal_bytes(degradation, tune, sources) -> None:
    first, again = (
        degrade(tune, [degradation], rng=np.random.default_rng(5), sources=sources)
        for _ in range(2)
    )
    assert first.samples.tobytes() == again.samples.tobytes()
    assert first.sample_rate_hz == tune.sample_rate_hz
    assert not np.array_equal(first.samples, tune.samples)


@pytest.mark.parametrize("degradation", RANDOM, ids=name)
def test_other_generators_give_other_bytes(degradation, tune, sources) -> None:
    outcomes = {
        degrade(
            tune, [degradation], rng=np.random.default_rng(seed), sources=sources
        ).samples.tobytes()
        for seed in range(6)
    }
    assert len(outcomes) > 2


@pytest.mark.parametrize("degradation", FIXED, ids=name)
def test_what_is_not_random_draws_nothing(degradation, tune) -> None:
    rng = np.random.default_rng(5)
    degrade(tune, [degradation], rng=rng)
    assert rng.bit_generator.state == np.random.default_rng(5).bit_generator.state


@pytest.mark.parametrize("degradation", RANDOM + FIXED, ids=name)
@pytest.mark.parametrize("gain_db", [-80, 0, 60])
def test_any_level_gives_finite_float32_of_the_same_level(
    degradation, gain_db, tune, sources
) -> None:
    samples = tune.samples * np.float32(10 ** (gain_db / 20))
    degraded = degrade(
        Signal(samples, RATE_HZ), [degradation], rng=np.random.default_rng(0), sources=sources
    ).samples
    assert degraded.dtype == np.float32
    assert np.all(np.isfinite(degraded))
    if gain_db >= 0:  # codecs drop what is too soft to hear
        change_db = 20 * np.log10(np.std(degraded) / np.std(samples))
        assert -12 < change_db < 6


@pytest.mark.parametrize("degradation", RANDOM + FIXED, ids=name)
def test_the_input_is_left_alone(degradation, tune, sources) -> None:
    before = tune.samples.copy()
    degrade(tune, [degradation], rng=np.random.default_rng(0), sources=sources)
    assert np.array_equal(tune.samples, before)


@pytest.mark.parametrize("degradation", RANDOM + FIXED, ids=name)
def test_only_speed_tempo_and_what_surrounds_change_the_length(degradation, tune, sources) -> None:
    degraded = degrade(tune, [degradation], rng=np.random.default_rng(0), sources=sources)
    if degradation.kind == "surround":
        assert len(degraded.samples) == len(tune.samples) + 3.5 * RATE_HZ
        return
    factor = Condition(name="one", chain=(degradation,)).time_factor
    assert (factor != 1) == (degradation.kind in {"speed", "tempo"})
    assert len(degraded.samples) == round(len(tune.samples) / factor)


@pytest.mark.parametrize("degradation", NOISE, ids=name)
def test_noise_on_silence_is_refused(degradation, sources) -> None:
    silence = Signal(np.zeros(RATE_HZ, np.float32), RATE_HZ)
    with pytest.raises(SilentSignalError, match="the signal is silent"):
        degrade(silence, [degradation], rng=np.random.default_rng(0), sources=sources)


@pytest.mark.parametrize("degradation", RANDOM[5:-1] + FIXED, ids=name)
def test_everything_else_leaves_silence_silent(degradation, sources) -> None:
    silence = Signal(np.zeros(RATE_HZ, np.float32), RATE_HZ)
    degraded = degrade(silence, [degradation], rng=np.random.default_rng(0), sources=sources)
    assert np.max(np.abs(degraded.samples)) < 1e-4


def test_a_chain_is_applied_from_first_to_last(tune: Signal) -> None:
    gain, clip = Gain(gain_db=-20), Clipping(ceiling_share=0.5)
    telephone, speed = Telephone(), Speed(factor=1.05)
    for chain in ([gain, clip], [telephone, speed], [speed, telephone]):
        at_once = degrade(tune, chain, rng=np.random.default_rng(0))
        first = degrade(tune, chain[:1], rng=np.random.default_rng(0))
        one_by_one = degrade(first, chain[1:], rng=np.random.default_rng(0))
        assert np.array_equal(at_once.samples, one_by_one.samples)
    swapped = [
        degrade(tune, chain, rng=np.random.default_rng(0)).samples
        for chain in ([telephone, speed], [speed, telephone])
    ]
    assert not np.allclose(*swapped, atol=1e-3)


def test_a_chain_shares_one_generator(tune: Signal) -> None:
    rng = np.random.default_rng(0)
    one_by_one = degrade(tune, [White(snr_db=0)], rng=rng)
    one_by_one = degrade(one_by_one, [Pink(snr_db=0)], rng=rng)
    chain = [White(snr_db=0), Pink(snr_db=0)]
    at_once = degrade(tune, chain, rng=np.random.default_rng(0))
    assert np.array_equal(at_once.samples, one_by_one.samples)


def test_an_empty_chain_returns_the_signal(tune: Signal) -> None:
    assert degrade(tune, [], rng=np.random.default_rng(0)) is tune


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_named_condition_runs(condition, tune, tmp_path, sources) -> None:
    known = {"speech": sources["speech"] * 2, "left-out": sources["noise"]}  # eight talkers
    chain = CONDITIONS[condition].chain
    degraded = degrade(tune, chain, rng=np.random.default_rng(0), sources=known)
    assert np.all(np.isfinite(degraded.samples))
    assert np.array_equal(degraded.samples, tune.samples) == (condition == "clean")


def test_an_excerpt_without_samples_is_refused() -> None:
    with pytest.raises(AudioError, match="without samples cannot be degraded"):
        degrade(Signal(np.zeros(0, np.float32), RATE_HZ), [], rng=np.random.default_rng(0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(bad: float) -> None:
    samples = np.zeros(100, np.float32)
    samples[50] = bad
    with pytest.raises(AudioError, match="not finite"):
        degrade(Signal(samples, RATE_HZ), [Telephone()], rng=np.random.default_rng(0))


@pytest.mark.parametrize("degradation", RANDOM + FIXED, ids=name)
def test_a_description_survives_json(degradation) -> None:
    adapter = TypeAdapter(Degradation)
    assert adapter.validate_json(adapter.dump_json(degradation)) == degradation
