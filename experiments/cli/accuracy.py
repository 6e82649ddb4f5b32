"""``fpbench accuracy`` and ``fpbench calibrate``: how right a profile is, and its decision."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.cli.documents import plain, records
from experiments.cli.options import AsJson, Jobs, RowsFile
from experiments.cli.plan_options import (
    ClipLengths,
    ConditionNames,
    ConditionsOf,
    CorpusName,
    LeftOut,
    NQueries,
    ProfileName,
    Seed,
    context_of,
    plan_of,
    spec_of,
)
from experiments.protocol.defaults import FALSE_ALARM_RATE, LEFT_OUT_SHARE
from fpcore.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from experiments.calibration.measure import Accuracy


def accuracy(
    *,
    profile: ProfileName = "balanced",
    corpus: CorpusName = "debian-games",
    condition: ConditionNames = None,
    spec: ConditionsOf = None,
    clip: ClipLengths = None,
    queries: NQueries = 200,
    left_out: LeftOut = LEFT_OUT_SHARE,
    seed: Seed = 0,
    jobs: Jobs = -1,
    csv: RowsFile = None,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help="Also write the result into the profile's file, of a preset into a file of yours.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how right a profile is on songs it never heard.

    Songs are split by a seed into calibration and test; a share of each stays out of the index,
    and their clips must not be given a name. Only test songs are asked about, so that a profile
    calibrated on the other half is judged on songs that it never heard. The service shows the
    result that is kept in the profile.

    \b
    Example:
      fpbench accuracy --profile balanced --corpus debian-games --clip 5
    """
    from experiments.calibration.measure import measure, with_card
    from experiments.corpora import corpus as open_corpus
    from experiments.files import write_rows, writing
    from experiments.progress import shown
    from fpcore.errors import ConfigError
    from fpcore.profiles import load_profile, save_profile, writable_path

    chosen = load_profile(profile)
    own = spec_of(spec)
    plan = plan_of(condition, clip, queries, seed, spec=own, left_out_share=left_out)
    source = open_corpus(corpus)
    context = context_of(source, plan, own)
    with shown() as show:
        result = measure(chosen, context, n_jobs=jobs, show=show)
    if csv is not None:
        with writing(csv):
            write_rows(result.outcomes, csv)
    if not as_json:
        say(
            f"Profile {chosen.name} ({chosen.fingerprint.digest[:12]}), threshold "
            f"{chosen.decision.threshold:.3f}; test half of {source.name} ({source.checksum[:12]})"
        )
        _print_result(result)
    kept = None
    if keep:
        target, current = writable_path(profile), load_profile(profile)
        if current.model_copy(update={"provenance": chosen.provenance}) != chosen:
            raise ConfigError(
                f"{target} was changed while its accuracy was measured, so nothing was kept: "
                "measure again"
            )
        save_profile(with_card(current, result, context), target)
        kept = str(target)
        if not as_json:
            say(f"{target}: holds this result")
    if as_json:
        told = {
            "profile": chosen.name,
            "digest": chosen.fingerprint.digest,
            "threshold": chosen.decision.threshold,
            "corpus": {"name": source.name, "checksum": source.checksum},
            "by_condition": records(result.by_condition),
            "overall": records(result.overall),
            "localised": asdict(result.localised),
            "precision_at": asdict(result.precision_at),
            "calibration_error": result.calibration_error,
            "kept": kept,
        }
        print_json(plain(told))


def calibrate(
    *,
    profile: ProfileName = "balanced",
    corpus: CorpusName = "debian-games",
    condition: ConditionNames = None,
    spec: ConditionsOf = None,
    clip: ClipLengths = None,
    queries: NQueries = 120,
    false_alarms: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Share of unknown songs given a name.")
    ] = FALSE_ALARM_RATE,
    left_out: LeftOut = LEFT_OUT_SHARE,
    seed: Seed = 0,
    jobs: Jobs = -1,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="The profile to write. Without it: the profile that was read, or for a preset a "
            "file of yours with its name.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit a profile's decision and its threshold.

    The songs are those of the calibration half of a corpus.

    \b
    Example:
      fpbench calibrate --profile balanced --corpus debian-games
    """
    from experiments.calibration.measure import calibrated
    from experiments.corpora import corpus as open_corpus
    from experiments.progress import shown
    from fpcore.profiles import load_profile, save_profile, writable_path

    target = output or writable_path(profile)
    chosen = load_profile(profile)
    own = spec_of(spec)
    plan = plan_of(condition, clip, queries, seed, spec=own, left_out_share=left_out)
    context = context_of(open_corpus(corpus), plan, own)
    with shown() as show:
        fitted = calibrated(
            chosen,
            context,
            false_alarm_rate=false_alarms,
            n_jobs=jobs,
            show=show,
        )
    save_profile(fitted, target)
    if as_json:
        decision = fitted.decision.model_dump(mode="json")
        print_json({"profile": fitted.name, "file": str(target), "decision": decision})
        return
    say(f"{target}: threshold {fitted.decision.threshold:.3f}, {fitted.decision.calibration}")


def _print_result(result: Accuracy) -> None:
    """Print the shares of each condition, and of all together."""
    from experiments.metrics import METRICS, SURE

    _print_shares(result.by_condition)
    say("")
    for row in result.overall.reset_index().to_dict("records"):
        _say_share(METRICS[row["metric"]], row)
    _say_share(
        "of accepted and right answers without another speed or tempo, at that place or a repeat",
        asdict(result.localised),
    )
    _say_share(
        f"of answers with a confidence of {SURE:g} and more, right",
        asdict(result.precision_at),
    )
    say(f"expected calibration error: {result.calibration_error:.4f}")


def _say_share(what: str, share: Mapping[Any, Any]) -> None:
    say(
        f"{what}: {100 * share['share']:.2f}% of {share['n']:.0f}, "
        f"95% interval {100 * share['low']:.2f} to {100 * share['high']:.2f}%"
    )


def _print_shares(summary: pd.DataFrame) -> None:
    """Print a row per condition and clip length, each share with its interval."""
    columns = ("top1", "accepted_right", "same_passage", "within_50ms", "false_accept")
    rows = []
    for (condition, clip_s), cell in summary.groupby(["condition", "clip_s"], sort=False):
        by_metric = {row["metric"]: row for row in cell.to_dict("records")}
        shares = [_with_interval(by_metric[name]) for name in columns]
        rows.append([condition, f"{clip_s:g} s", *shares])
    headings = ("top-1 %", "accepted, right %", "in place %", "strictly %", "false alarms %")
    print_table(
        [("condition", "left"), ("clip", "right"), *((name, "right") for name in headings)], rows
    )


def _with_interval(row: Mapping[Hashable, Any]) -> str:
    return f"{100 * row['share']:.1f} ({100 * row['low']:.0f}-{100 * row['high']:.0f})"


def register(app: typer.Typer) -> None:
    """Add the commands to ``fpbench``."""
    app.command("accuracy")(accuracy)
    app.command("calibrate")(calibrate)
