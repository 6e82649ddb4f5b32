"""Labels of parameters, values, sizes and times, as figures and tables show them."""

from __future__ import annotations

from experiments.report import labels


def test_labels_say_values_and_units_shortly() -> None:
    assert labels.axis("fingerprint.pairs.max_delta_s") == "Δt limit [s]"
    assert labels.axis("query.some_new_key") == "some new key"
    assert labels.value(None) == "none"
    assert labels.value({"kind": "grid", "n_frames": 20}) == "grid, n_frames 20"
    assert labels.settings({}) == "as it is"
    assert labels.settings({"profile": "seed", "query.n_shifts": 2}) == "seed, query shifts 2"
    assert labels.listed(["a", "b", "c"]) == "a, b and c"
    swept = {"fingerprint.pairs.max_delta_s": 1.0, "fingerprint.spectrogram.n_fft": 4096}
    assert labels.settings(swept) == "Δt limit 1 s, window 4096"
    assert labels.heading("window and Δt limit together") == "Window and Δt limit together"
    assert labels.heading("Δt limit and hop together") == "Δt limit and hop together"
    assert labels.milliseconds(0.0123) == "12.3 ms"
    assert labels.milliseconds(0.000477) == "0.48 ms"
    assert [labels.milliseconds(ms / 1e3) for ms in (9.999, 99.99)] == ["10.0 ms", "100 ms"]
    assert labels.percent(float("nan")) == "–"


def test_a_unit_stands_by_physical_quantities_alone() -> None:
    swept = {"query.fan_out": 5, "fingerprint.pairs.max_delta_hz": None, "query.n_shifts": True}
    assert labels.settings(swept) == "query fan-out 5, Δf limit none, query shifts True"
    assert labels.parameter("fingerprint.pairs.fan_out") == "fan-out"
    assert labels.axis("fingerprint.token") == "token"


def test_values_of_several_parts_name_their_parts() -> None:
    assert labels.value({"kind": "none"}) == "none"
    assert labels.value({"kind": "box", "width_s": 1.0, "inner": {"kind": "none"}}) == (
        "box, width_s 1, inner none"
    )
    assert labels.value([1, 2]) == "[1, 2]"
    assert labels.value(0.123456789) == "0.123457"


def test_names_are_listed_as_in_a_sentence() -> None:
    assert [labels.listed(list(names)) for names in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_sizes_and_shares_that_are_not_known_are_dashes() -> None:
    nan = float("nan")
    assert (labels.megabytes(nan), labels.milliseconds(nan), labels.percent(nan)) == ("–",) * 3
    assert labels.megabytes(12_345_678) == "12.3 MB"
    assert labels.percent(0.12345, 2) == "12.35%"
    assert labels.interval(0.5, 1.0, 0) == "50 to 100%"
