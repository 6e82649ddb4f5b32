"""Configuration: what is refused, what the digest covers, and the derived numbers."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError, create_model

from fpcore import config as config_module
from fpcore.config import (
    BoxWhitening,
    Decision,
    FingerprintConfig,
    GridNeighbourhood,
    PairsConfig,
    PhysicalNeighbourhood,
    Profile,
    QueryConfig,
    SpectrogramConfig,
    Strict,
    diff,
    parse,
)
from fpcore.errors import ConfigError
from tests.fpcore.synthetic import CLASSIC, LEAN

DEFAULT_CANONICAL = (
    '{"algorithm":1,"fingerprint":{"pairs":{"fan_out":5,"max_delta_hz":null,"max_delta_s":2.0,'
    '"min_delta_s":0.0},"peaks":{"density_window_s":0.5,"floor_db":-90.0,'
    '"kept_peaks_per_s":null,"max_peaks_per_s":null,'
    '"neighbourhood":{"kind":"grid","n_bins":20,"n_frames":20}},"resampler":"soxr_hq",'
    '"sample_rate_hz":22050,"spectrogram":{"hop_length":1024,"max_hz":null,"min_hz":0.0,'
    '"n_fft":4096,"window":"hann"},"token":"packed","whitening":{"kind":"none"}}}'
)
"""Written by hand from the definition of the digest, for the default configuration."""

CHANGES: dict[str, Any] = {
    "sample_rate_hz": 16000,
    "resampler": "soxr_vhq",
    "token": "text",
    "spectrogram.n_fft": 2048,
    "spectrogram.hop_length": 512,
    "spectrogram.window": "blackman",
    "spectrogram.min_hz": 100.0,
    "spectrogram.max_hz": 4000.0,
    "whitening.width_hz": 300.0,
    "whitening.width_s": 1.0,
    "peaks.neighbourhood.width_s": 0.25,
    "peaks.neighbourhood.width_hz": 150.0,
    "peaks.floor_db": -80.0,
    "peaks.max_peaks_per_s": 20.0,
    "peaks.kept_peaks_per_s": 20.0,
    "peaks.density_window_s": 1.0,
    "pairs.fan_out": 6,
    "pairs.min_delta_s": 0.1,
    "pairs.max_delta_s": 3.0,
    "pairs.max_delta_hz": 1000.0,
}
"""Another valid value for every field of LEAN."""


def _tree(dotted: str, value: Any) -> dict[str, Any]:
    """Return nested dicts that hold ``value`` at a dotted key."""
    for key in reversed(dotted.split(".")):
        value = {key: value}
    return value


def _changed(config: FingerprintConfig, dotted: str, value: Any) -> FingerprintConfig:
    tree = config.model_dump()
    *parents, key = dotted.split(".")
    node = tree
    for parent in parents:
        node = node[parent]
    node[key] = value
    return FingerprintConfig.model_validate(tree)


def _leaves(model: BaseModel, prefix: str = "") -> set[str]:
    """Return the dotted keys of all fields but the tags of the unions."""
    found = set()
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found |= _leaves(value, f"{prefix}{name}.")
        elif name != "kind":
            found.add(prefix + name)
    return found


# Digest


def test_the_digest_is_the_sha256_of_the_canonical_json() -> None:
    assert FingerprintConfig().digest == hashlib.sha256(DEFAULT_CANONICAL.encode()).hexdigest()


def test_every_field_is_covered_below() -> None:
    assert _leaves(LEAN) == set(CHANGES)


@pytest.mark.parametrize("dotted", CHANGES)
def test_the_digest_changes_with_each_field(dotted: str) -> None:
    changed = _changed(LEAN, dotted, CHANGES[dotted])
    assert changed.digest != LEAN.digest
    assert list(diff(LEAN, changed)) == [dotted]


def test_the_digest_changes_with_each_alternative_of_a_stage_and_the_algorithm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digests = {CLASSIC.digest, LEAN.digest}
    digests.add(_changed(LEAN, "whitening", {"kind": "none"}).digest)
    digests.add(_changed(LEAN, "peaks.neighbourhood", {"kind": "grid"}).digest)
    before = CLASSIC.digest
    monkeypatch.setattr(config_module, "ALGORITHM_VERSION", config_module.ALGORITHM_VERSION + 1)
    digests.add(CLASSIC.digest)
    assert len(digests) == 5
    assert before != CLASSIC.digest


def test_nothing_of_the_query_can_reach_the_digest() -> None:
    decision = Decision(intercept=0.0, weights={}, threshold=0.5)
    one = Profile(name="one", decision=decision)
    other = Profile(name="other", decision=decision, query=QueryConfig(n_shifts=4, fan_out=9))
    assert one.fingerprint.digest == other.fingerprint.digest
    assert not set(QueryConfig.model_fields) & set(FingerprintConfig.model_fields)
    for name in QueryConfig.model_fields:
        with pytest.raises(ConfigError, match=f"^q: {name}: is not a known key$"):
            parse(FingerprintConfig, json.dumps({name: 1}), source="q")


def test_the_digest_is_the_same_in_another_process() -> None:
    code = "from tests.fpcore.synthetic import LEAN; print(LEAN.digest)"
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == LEAN.digest


def test_the_digest_does_not_depend_on_how_the_configuration_was_written() -> None:
    as_written = LEAN.model_dump_json()
    backwards = json.dumps(dict(reversed(json.loads(as_written).items())), indent=3)
    whole_numbers = as_written.replace("200.0", "200").replace("2.0", "2")
    assert whole_numbers != as_written
    for text in (as_written, backwards, whole_numbers):
        assert parse(FingerprintConfig, text, source="lean.json").digest == LEAN.digest


# What is refused


@pytest.mark.parametrize(
    ("dotted", "value", "fault"),
    [
        ("sample_rate", 22050, "is not a known key"),
        ("spectrogram.nfft", 4096, "is not a known key"),
        ("spectrogram.hop_length", 0, "greater than or equal to 1, got 0"),
        ("spectrogram.hop_length", 10.5, "valid integer.*got 10.5"),
        ("spectrogram.window", "kaiser", "'hann', 'hamming' or 'blackman', got 'kaiser'"),
        ("spectrogram.n_fft", 32, "greater than or equal to 64, got 32"),
        ("spectrogram.min_hz", -1, "greater than or equal to 0, got -1"),
        ("peaks.floor_db", 3.5, "less than or equal to 0, got 3.5"),
        ("peaks.max_peaks_per_s", 0, "greater than 0, got 0"),
        ("peaks.density_window_s", "half", "valid number.*got 'half'"),
        ("pairs.fan_out", -2, "greater than or equal to 1, got -2"),
        ("pairs.max_delta_s", None, "valid number.*got None"),
        ("pairs.max_delta_s", -0.5, "greater than or equal to 0, got -0.5"),
        ("token", "base64", "'packed' or 'text', got 'base64'"),
        ("resampler", "linear", "'soxr_hq' or 'soxr_vhq', got 'linear'"),
        ("whitening", {"kind": "pcen"}, "does not match any of the expected tags"),
        ("whitening", {"width_s": 1.0}, "discriminator 'kind'"),
    ],
)
def test_a_bad_key_is_named_with_its_dotted_path_and_value(
    dotted: str, value: Any, fault: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^my\.json: {dotted}: .*{fault}"):
        parse(FingerprintConfig, json.dumps(_tree(dotted, value)), source="my.json")


@pytest.mark.parametrize(
    ("dotted", "stage", "fault"),
    [
        ("whitening.width_s", {"kind": "box", "width_s": 0}, "greater than 0, got 0"),
        ("whitening.width", {"kind": "box", "width": 1}, "is not a known key"),
        (
            "peaks.neighbourhood.n_frames",
            {"kind": "grid", "n_frames": 0},
            "greater than or equal to 1, got 0",
        ),
        (
            "peaks.neighbourhood.n_frames",
            {"kind": "physical", "n_frames": 9},
            "is not a known key",
        ),
    ],
)
def test_a_bad_key_of_an_alternative_is_named_as_it_is_written(
    dotted: str, stage: dict[str, Any], fault: str
) -> None:
    written = json.dumps(_tree(dotted.rpartition(".")[0], stage))
    with pytest.raises(ConfigError, match=rf"^my\.json: {dotted}: .*{fault}"):
        parse(FingerprintConfig, written, source="my.json")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"spectrogram": {"n_fft": 4097}}, r"spectrogram\.n_fft must be even, got 4097"),
        (
            {"spectrogram": {"n_fft": 512, "hop_length": 513}},
            r"spectrogram\.hop_length must not exceed n_fft, got 513 > 512",
        ),
        (
            {"spectrogram": {"max_hz": 11026.0}},
            r"max_hz at most half of sample_rate_hz, got 0\.0 and 11026\.0 at 22050",
        ),
        ({"spectrogram": {"min_hz": 900.0, "max_hz": 900.0}}, r"min_hz must be below max_hz"),
        ({"spectrogram": {"min_hz": 12000.0}}, r"got 12000\.0 and 11025\.0 at 22050"),
        (
            {"pairs": {"min_delta_s": 2.0, "max_delta_s": 1.0}},
            r"pairs\.min_delta_s must not exceed max_delta_s, got 2\.0 > 1\.0",
        ),
        (
            {
                "sample_rate_hz": 192_000,
                "spectrogram": {"n_fft": 65536, "hop_length": 1},
                "pairs": {"max_delta_s": 80_000.0},
            },
            r"more than 2\*\*62 tokens",
        ),
    ],
)
def test_fields_that_do_not_fit_together_are_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        parse(FingerprintConfig, json.dumps(changes), source="my.json")
    with pytest.raises(ConfigError, match=f"^p: fingerprint: .*{fault}"):
        decision = {"intercept": 0, "weights": {}, "threshold": 0.5}
        profile = {"name": "p", "decision": decision, "fingerprint": changes}
        parse(Profile, json.dumps(profile), source="p")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3"])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^broken\.json: "):
        parse(FingerprintConfig, text, source="broken.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    with pytest.raises(ConfigError, match=r"pairs\.max_delta_s"):
        parse(FingerprintConfig, f'{{"pairs": {{"max_delta_s": {number}}}}}', source="x")
    with pytest.raises(ConfigError, match="intercept"):
        content = f'{{"intercept": {number}, "weights": {{}}, "threshold": 0.5}}'
        parse(Decision, content, source="x")


@pytest.mark.parametrize(
    ("dotted", "value"),
    [
        ("n_shifts", 0),
        ("n_shifts", 17),
        ("offset_tolerance_frames", -0.1),
        ("n_candidates", 0),
        ("n_offsets", 0),
        ("fan_out", 0),
        ("max_peaks_per_s", 0),
        ("max_query_s", 0),
        ("sample_rate_hz", 22050),
    ],
)
def test_a_bad_query_configuration_is_refused(dotted: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"^q: {dotted}: "):
        parse(QueryConfig, json.dumps({dotted: value}), source="q")


@pytest.mark.parametrize("name", ["", "-x", "a b", "../x", "x" * 65])
def test_a_profile_must_have_a_name_that_can_be_a_file(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Profile(name=name, decision=Decision(intercept=0.0, weights={}, threshold=0.5))


def test_a_decision_weighs_only_known_evidence() -> None:
    with pytest.raises(ConfigError, match=r"^d: weights\.luck"):
        content = '{"intercept": 0, "weights": {"luck": 1}, "threshold": 0.5}'
        parse(Decision, content, source="d")


def test_a_configuration_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        LEAN.spectrogram.n_fft = 1024  # type: ignore[misc]


# Derived numbers


def test_extents_in_frames_and_bins_of_the_lean_configuration() -> None:
    assert LEAN.hop_s == pytest.approx(0.046440, abs=1e-6)
    assert LEAN.bin_hz == pytest.approx(5.383, abs=1e-3)
    assert (LEAN.first_bin, LEAN.first_bin + LEAN.n_bins - 1) == (37, 650)
    assert LEAN.whitening_radii == (22, 37)
    assert LEAN.neighbourhood == (7, 41)
    assert (LEAN.min_delta_frames, LEAN.max_delta_frames) == (0, 43)
    assert LEAN.max_delta_bins == 260
    assert LEAN.n_tokens == 614 * 614 * 44


def test_extents_of_the_classic_configuration() -> None:
    assert (CLASSIC.first_bin, CLASSIC.n_bins) == (0, 2049)
    assert CLASSIC.whitening_radii == (0, 0)
    assert CLASSIC.neighbourhood == (20, 20)
    assert CLASSIC.max_delta_bins == 2048
    assert CLASSIC.n_tokens == 2049**2 * 44


def test_extents_keep_their_meaning_when_window_and_hop_change() -> None:
    half = _changed(LEAN, "spectrogram.hop_length", 512)
    assert half.max_delta_frames == pytest.approx(2 * LEAN.max_delta_frames, abs=1)
    short = _changed(LEAN, "spectrogram.n_fft", 2048)
    assert short.max_delta_bins == pytest.approx(LEAN.max_delta_bins / 2, abs=1)


def test_a_physical_neighbourhood_is_odd_and_at_least_one() -> None:
    for width_s, width_hz in ((0.0, 0.0), (0.1, 11.0), (1.0, 500.0)):
        area = PhysicalNeighbourhood(width_s=width_s, width_hz=width_hz)
        n_frames, n_bins = _changed(LEAN, "peaks.neighbourhood", area).neighbourhood
        assert n_frames % 2 == n_bins % 2 == 1
        assert n_frames * LEAN.hop_s == pytest.approx(width_s, abs=2 * LEAN.hop_s)


# Differences


def test_a_difference_names_every_changed_field_by_its_dotted_key() -> None:
    other = _changed(_changed(LEAN, "pairs.fan_out", 7), "token", "text")
    assert diff(LEAN, other) == {"pairs.fan_out": (5, 7), "token": ("packed", "text")}
    assert diff(LEAN, LEAN) == {}


def test_a_difference_between_alternatives_names_the_fields_that_only_one_has() -> None:
    assert diff(_changed(LEAN, "whitening", {"kind": "none"}), LEAN) == {
        "whitening.kind": ("none", "box"),
        "whitening.width_hz": (None, 400.0),
        "whitening.width_s": (None, 2.0),
    }


def test_a_profile_survives_its_json() -> None:
    profile = Profile(
        name="mine-1.2",
        fingerprint=FingerprintConfig(
            spectrogram=SpectrogramConfig(n_fft=2048, hop_length=512),
            whitening=BoxWhitening(width_s=1.5),
            pairs=PairsConfig(max_delta_hz=500.0),
        ),
        decision=Decision(intercept=-3.0, weights={"log_votes": 1.0}, threshold=0.7),
        provenance={"run": {"id": "r1", "n": 3}},
    )
    again = parse(Profile, profile.model_dump_json(), source="mine")
    assert again == profile
    assert again.fingerprint.digest == profile.fingerprint.digest
    assert isinstance(again.fingerprint.peaks.neighbourhood, GridNeighbourhood)


def test_frames_may_lie_end_to_end() -> None:
    """A hop as long as the window leaves no sample out; one longer would."""
    config = FingerprintConfig(spectrogram=SpectrogramConfig(n_fft=512, hop_length=512))
    assert config.hop_s == 512 / 22050
    with pytest.raises(ValidationError, match="must not exceed n_fft, got 513 > 512"):
        FingerprintConfig(spectrogram=SpectrogramConfig(n_fft=512, hop_length=513))


# Yes and no


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("sample_rate_hz", True),
        ("spectrogram.min_hz", True),
        ("spectrogram.max_hz", False),
        ("pairs.fan_out", True),
        ("peaks.kept_peaks_per_s", True),
    ],
)
def test_yes_and_no_are_no_numbers(key: str, given: bool) -> None:
    with pytest.raises(ValidationError) as refused:
        _changed(LEAN, key, given)
    assert f"{key.rpartition('.')[2]} takes no yes or no, got {given}" in str(refused.value)


def test_yes_and_no_are_no_numbers_among_others_either() -> None:
    with pytest.raises(ValidationError, match="weights takes no yes or no"):
        Decision(intercept=0.0, weights={"log_votes": True}, threshold=0.5)


def test_no_model_of_a_configuration_takes_yes_for_a_number() -> None:
    fields = [
        (name, field)
        for model in (FingerprintConfig, QueryConfig, Decision, *_models_within(FingerprintConfig))
        for name, field in model.model_fields.items()
        if field.annotation is not bool
    ]
    assert len(fields) > 30
    for name, field in fields:
        alone = create_model("Alone", __base__=Strict, **{name: (field.annotation, field)})
        with pytest.raises(ValidationError):
            alone.model_validate({name: True})


def _models_within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        for one in (field.annotation, *get_args(field.annotation)):
            if isinstance(one, type) and issubclass(one, BaseModel):
                yield one
                yield from _models_within(one)


def test_what_may_be_anything_may_be_yes() -> None:
    decision = Decision(intercept=0.0, weights={}, threshold=0.5)
    profile = Profile(name="mine", decision=decision, provenance={"whole": True})
    assert profile.provenance == {"whole": True}
