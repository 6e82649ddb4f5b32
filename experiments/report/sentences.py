"""Sentences of a report: what the numbers say, and what they do not allow to say.

Every sentence carries the numbers behind it: shares in percent, differences in percentage
points, sizes in megabytes and times in milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import metrics
from experiments.calibration.thresholds import PRIOR_STRANGERS, Strangers, stated_rate
from experiments.metrics.paired import format_p, points
from experiments.report import labels, tables
from experiments.report.equal_terms import difference, works_to_settle
from experiments.report.figures.drawing import short
from experiments.report.study import Result, Study

FEW_WORKS = 30
"""With fewer works the report warns that another choice of music may order things otherwise."""


def headline(study: Study, board: pd.DataFrame) -> str:
    """Return the recommendation in one sentence."""
    key = _marked(board, "recommended")
    result = study.find(key)
    if key is None or result is None:
        return "No configuration can be recommended: no query of an indexed song was asked."
    row = tables.row(board, key)
    if key == _marked(board, "baseline"):
        return f"Stay with the baseline {_named(result)}: {_achieves(row)}."
    return f"Promote {_named(result)}: {_achieves(row)}."


def reasons(study: Study, board: pd.DataFrame) -> list[str]:
    """Return the numbers behind the recommendation, a sentence or two each."""
    key = _marked(board, "recommended")
    result = study.find(key)
    if key is None or result is None:
        return []
    row = tables.row(board, key)
    said = [
        f"It costs {labels.megabytes(row['bytes_per_hour'])} of index per hour of audio "
        f"({row['postings_per_s']:.0f} postings per second) and "
        f"{labels.milliseconds(row['query_p50_s'])} a query (median; 95th percentile "
        f"{labels.milliseconds(row['query_p95_s'])}).",
        _unknown_songs(row),
        *_versus_best(study, board, result),
        *_versus_baseline(study, board, result),
        _hardest(result),
        *_cannot_tell_apart(study, board),
        f"How it was chosen: the baseline, or the most accurate one where that is really better; "
        f"and in its place the one with the least product of query time and index size of those "
        f"that lose at most {100 * tables.TOLERABLE_LOSS:g} points against it and for which a loss "
        f"of more than {100 * tables.LARGEST_LOSS:g} points can be ruled out.",
    ]
    return said


def _cannot_tell_apart(study: Study, board: pd.DataFrame) -> list[str]:
    """Return which trials the music cannot tell from the reference, and what would settle it."""
    reference = tables.reference_of(study, board)
    keys = tables.indistinguishable(study, board)
    if reference is None or not keys:
        return []
    names = labels.listed([_named(one) for one in study.results if one.key in keys])
    smallest, fastest = (
        board.loc[[*keys, reference.key], column].idxmin()
        for column in ("bytes_per_hour", "query_p50_s")
    )
    return [
        f"Your music cannot tell these apart from {_named(reference)}: {names}. "
        f"{_smallest_and_fastest(board, str(smallest), str(fastest))} "
        + _what_settles(study, reference, keys)
    ]


def _smallest_and_fastest(board: pd.DataFrame, smallest: str, fastest: str) -> str:
    if smallest == fastest:
        return f"Of all these {short(smallest)} is the smallest and the fastest."
    if tables.as_fast(board, fastest)[smallest]:
        return f"Of all these {short(smallest)} is the smallest, and no other is clearly faster."
    return f"Of all these {short(smallest)} is the smallest and {short(fastest)} the fastest."


def _what_settles(study: Study, reference: Result, keys: Sequence[str]) -> str:
    """Return how many works would show the largest difference that is seen."""
    compared = [one for one in study.results if one.key in keys]
    seen = {
        one.key: difference(reference, one, n_compared=len(study.results) - 1) for one in compared
    }
    key = max(seen, key=lambda one: abs(seen[one].difference) if seen[one].n else -1.0)
    needed = works_to_settle(seen[key], n_compared=len(study.results) - 1)
    if needed is None:
        return "No difference in accuracy is seen that more music could settle."
    return (
        f"The largest difference that is seen, {points(seen[key].difference)} points for "
        f"{short(key)}, would be shown by queries from about {needed:,} works (four times in "
        f"five); these are from {seen[key].n_works}."
    )


def command(study: Study, board: pd.DataFrame, *, run: str | None = None) -> str:
    """Return the command that promotes the recommended configuration; "" when there is none.

    Parameters
    ----------
    study : Study
        The runs.
    board : pandas.DataFrame
        Their leaderboard.
    run : str, optional
        What to call the run in place of its name, as one must that lies elsewhere than other runs.
    """
    result = study.find(_marked(board, "recommended"))
    if result is None:
        return ""
    return f"fpbench promote {run or result.run} --trial {result.trial} --name my-profile"


def caveats(study: Study, board: pd.DataFrame) -> list[str]:
    """Return what the sample does not allow to say, and what is so by construction."""
    reference = study.find(_marked(board, "recommended")) or study.results[0]
    return [
        *_only_common(study),
        *_unfinished(study),
        _sample(reference),
        *_chosen_among(study, board),
        *_false_alarms(study, reference),
        *_timed(study, reference),
        *_tuned(study, board),
        *_recorded(study),
        "The degradations are computed from seeds, not recorded in rooms and on streets: their "
        "order is more to be trusted than their absolute values.",
    ]


def history(study: Study) -> list[dict[str, str]]:
    """Return what was run: for each run its facts by name, in words."""
    return [_facts(study, name) for name in study.manifests]


def _facts(study: Study, run: str) -> dict[str, str]:
    manifest = study.manifests[run]
    spec = manifest.spec
    host: dict[str, Any] = manifest.host
    sizes = ", ".join(
        f"{name.replace('_', ' ')} {n}" for name, n in sorted(manifest.split_sizes.items())
    )
    done = sum(status == "done" for status in manifest.trials.values())
    facts = {
        "question": spec.question or "–",
        "corpus": f"{manifest.corpus}, checksum {manifest.corpus_checksum[:12]}",
        "tracks": f"{sizes}; only the calibration half was asked",
        "degradations": ", ".join(condition.name for condition in spec.degradations),
        "queries": (
            f"{spec.excerpts.indexed} excerpts of indexed and {spec.excerpts.left_out} of "
            f"left-out tracks, at {_lengths(spec.clip_lengths_s)}, under each degradation"
            + (f", {spec.repeats} times" if spec.repeats > 1 else "")
        ),
        "swept": "; ".join(_grid(study, run)) or "nothing: the profiles as they are",
        "trials": f"{done} of {len(manifest.trials)} finished ({manifest.status})",
        "thresholds": f"for a false-alarm rate of {spec.false_alarm_rate:.1%}",
        "seed": str(manifest.seed),
        "started": _moment(manifest.started),
        "took": _elapsed(manifest.started, manifest.finished),
        "machine": (
            f"{host.get('cpu', 'unknown')}, {host.get('n_cores', '?')} cores, "
            + _processes(manifest.n_jobs)
        ),
        "code": (manifest.git_commit or "unknown")[:12],
        "versions": ", ".join(f"{name} {one}" for name, one in manifest.versions.items()),
    }
    return facts


def _processes(n_jobs: int) -> str:
    if n_jobs < 0:
        return "a process for each"
    return "one process" if n_jobs == 1 else f"{n_jobs} processes"


def _grid(study: Study, run: str) -> list[str]:
    results = [result for result in study.results if result.run == run]
    paths = dict.fromkeys(path for result in results for path in result.swept)
    return [
        f"{labels.axis(path)}: {', '.join(value for value, _ in tables.by_value(results, path))}"
        for path in paths
    ]


def _lengths(lengths_s: tuple[float, ...]) -> str:
    return labels.listed([f"{length_s:g} s" for length_s in lengths_s])


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")


def _elapsed(started: str, finished: str | None) -> str:
    if finished is None:
        return "not finished"
    spent = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    minutes, seconds = divmod(round(spent.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _marked(board: pd.DataFrame, flag: str) -> str | None:
    keys = board.index[board[flag]]
    return str(keys[0]) if len(keys) else None


def _named(result: Result) -> str:
    return f"{short(result.key)} ({labels.settings(result.swept)})"


def _achieves(row: dict[str, Any]) -> str:
    return (
        f"{labels.percent(row['accuracy'])} of the queries of indexed songs are accepted and "
        f"right (95% interval {labels.interval(row['accuracy_low'], row['accuracy_high'])}; "
        f"{row['n_queries']} queries from {row['n_works']} works)"
    )


def _unknown_songs(row: dict[str, Any]) -> str:
    if not row["n_negatives"]:
        return "No query of an unknown song was asked, so nothing is known of false alarms."
    n_alarms = round(row["false_accept"] * row["n_negatives"])
    share = labels.percent(row["false_accept"])
    bounds = labels.interval(row["false_accept_low"], row["false_accept_high"])
    return (
        f"Of {row['n_negatives']} queries of songs that are not in the index, "
        f"{n_alarms or 'none'} {'is' if n_alarms == 1 else 'are'} given a name ({share}, interval "
        f"{bounds})."
    )


def _versus_best(study: Study, board: pd.DataFrame, result: Result) -> list[str]:
    best = study.find(str(board.index[0]))
    if best is None or best.key == result.key:
        return ["It is also the most accurate of all."] if len(board) > 1 else []
    found = tables.paired(best, result)
    return [
        f"The most accurate, {_named(best)}, reaches {labels.percent(found.share_a)} on the same "
        f"queries; the recommended one differs from it by {points(found.difference)} points "
        f"(interval {points(found.low)} to {points(found.high)}, exact McNemar p "
        f"{format_p(found.p_value)}) and has {_ratio(board, result, best)}."
    ]


def _versus_baseline(study: Study, board: pd.DataFrame, result: Result) -> list[str]:
    base = study.find(study.baseline)
    if base is None:
        return ["No baseline is among these trials, so there is no paired comparison with one."]
    if base.key == result.key:
        return []
    found = tables.paired(base, result)
    clear = "more than chance" if found.real else "within chance"
    return [
        f"Against the baseline, {_named(base)} with {labels.percent(found.share_a)}: "
        f"{points(found.difference)} points (interval {points(found.low)} to "
        f"{points(found.high)}, bootstrap over {found.n_works} works; {found.only_b} queries only "
        f"the recommended one gets, {found.only_a} only the baseline, exact McNemar p "
        f"{format_p(found.p_value)}): {clear}. It has {_ratio(board, result, base)}."
    ]


def _ratio(board: pd.DataFrame, result: Result, other: Result) -> str:
    mine, theirs = tables.row(board, result.key), tables.row(board, other.key)
    size, time = (mine[column] / theirs[column] for column in ("bytes_per_hour", "query_p50_s"))
    if tables.as_fast(board, other.key)[result.key]:
        time = 1.0
    return f"{_times(size)} index size and {_times(time)} query time"


def _times(ratio: float) -> str:
    return "the same" if 0.95 < ratio < 1.05 else f"{ratio:.2g} times the"


def _hardest(result: Result) -> str:
    cells = tables.conditions([result])
    cells = cells[cells["n"] > 0]
    if cells.empty:
        return ""
    worst = cells.nsmallest(1, "share").to_dict("records")[0]
    bounds = labels.interval(worst["low"], worst["high"])
    return (
        f"Hardest for it: {worst['condition']} at {worst['clip_s']:g} s, "
        f"{labels.percent(worst['share'])} (interval {bounds}, {worst['n']} queries)."
    )


def _only_common(study: Study) -> list[str]:
    """Return what several runs were compared on."""
    left_out = [f"{n} of {run}" for run, n in study.left_out.items() if n]
    if not left_out:
        return []
    return [
        f"Only the {len(study.results[0].outcomes)} queries that all runs asked are counted here; "
        f"left out are {labels.listed(left_out)}."
    ]


def _recorded(study: Study) -> list[str]:
    """Return how many recordings stand beside the excerpts, and how many could not be asked."""
    said = []
    for run, manifest in study.manifests.items():
        if manifest.recordings is None or manifest.spec.queries is None:
            continue
        rows = next((one.outcomes for one in study.results if one.run == run), None)
        if rows is None:
            continue
        asked = rows[rows["query"].isin(manifest.recordings.asked)]
        n_known, n_listed = len(manifest.recordings.asked), manifest.recordings.n_listed
        n_faulty = n_listed - n_known
        faulty = f" {n_faulty} of the {n_listed} that are listed cannot be asked." * bool(n_faulty)
        said.append(
            f"{len(asked)} of the queries are recordings of {Path(manifest.spec.queries.list).name}"
            f" ({int(asked['indexed'].sum())} of indexed songs) and count as much as an excerpt "
            f"each; fpbench promote asks those of the test half.{faulty}"
        )
    return said


def _unfinished(study: Study) -> list[str]:
    said = []
    if study.failed:
        keys = labels.listed([short(key) for key in study.failed])
        said.append(f"Missing here, because they failed: {keys}.")
    if study.n_waiting:
        said.append(f"Not run yet: {study.n_waiting} of the trials; resume the run to add them.")
    return said


def _sample(result: Result) -> str:
    cells = tables.conditions([result])
    widest = float((cells["high"] - cells["low"]).max())
    n, n_works = int(cells["n"].min()), result.outcomes.loc[result.outcomes["indexed"], "work"]
    few = (
        f" They come from only {n_works.nunique()} works: other music may order close "
        "configurations otherwise."
        if n_works.nunique() < FEW_WORKS
        else ""
    )
    return (
        f"A single condition and clip length rests on {n} queries, and its interval is up to "
        f"{100 * widest:.0f} points wide: do not read smaller differences from a single cell.{few}"
    )


def _chosen_among(study: Study, board: pd.DataFrame) -> list[str]:
    if len(board) < 2:
        return []
    return [
        f"The best of {len(board)} configurations was picked on the very queries that its accuracy "
        "is counted on, which flatters it. fpbench promote asks the test half of the corpus, "
        "which no sweep touches, and writes that accuracy into the profile."
    ]


def _false_alarms(study: Study, result: Result) -> list[str]:
    said = [_how_thresholds_are_set(study, result)]
    if result.tail is not None:
        return said  # thresholds that rest on own queries alone are none of this study's
    notes = [
        metrics.recall_at(result.outcomes, rate).note
        for rate in sorted({study.false_alarm_rate, *tables.FALSE_ALARM_RATES}, reverse=True)
    ]
    return [*said, *(note for note in notes if note)]


def _how_thresholds_are_set(study: Study, result: Result) -> str:
    if result.tail is None:
        return (
            f"Each threshold was set for a false-alarm rate of {study.false_alarm_rate:.1%} on the "
            "same queries of unknown songs that false alarms are counted on (the probabilities "
            "come from models that saw nothing of the work): that the rate is kept here is by "
            "construction, not a finding."
        )
    own = Strangers.of(result.strangers)
    found = stated_rate(own, result.tail, result.threshold)
    kinds = ", ".join(
        f"{n} {kind}" for kind, n in result.strangers["kind"].value_counts(sort=False).items()
    )
    return (
        f"Every threshold is set for a false-alarm rate of {study.false_alarm_rate:.1%}, by "
        f"strangers of two origins: {found.n_own} answers to your own ({kinds}; {found.n_works} "
        f"works, worth about {own.total:.0f} independent ones), of which {found.n_named or 'none'} "
        f"{'is' if found.n_named == 1 else 'are'} named, and those of the profile that the trials "
        f"start from, which count as {PRIOR_STRANGERS:.0f}. Yours alone show a rate from "
        f"{labels.interval(found.low, found.high)}."
    )


def _tuned(study: Study, board: pd.DataFrame) -> list[str]:
    """Return how far what Optuna was told is certain."""
    if not any(manifest.kind == "tune" for manifest in study.manifests.values()):
        return []
    first = tables.row(board, str(board.index[0]))
    return [
        f"Optuna was told accuracies as they are counted. The highest, "
        f"{labels.percent(first['accuracy'])}, is certain to "
        f"{labels.interval(first['accuracy_low'], first['accuracy_high'])} (95%): what it chose "
        "within that it may have chosen by chance. Each trial was timed when it was tried, not in "
        "turn with the others."
    ]


def _timed(study: Study, result: Result) -> list[str]:
    n = len(result.timings)
    manifest = study.manifests[result.run]
    machine = str(manifest.host.get("cpu", "one machine"))
    if not n:
        return ["No query was timed, so query times are unknown here."]
    return [
        f"Query times are of {n} queries a configuration, one at a time, on {machine}: compare "
        "them with one another rather than with another machine. On the front and in the "
        "recommendation two are equally fast where the intervals of their ratios to the baseline "
        "overlap, which hold together in 95 of 100 sweeps and allow for "
        f"{labels.percent(tables.SAME_TIME, 0)} by which one configuration may differ from itself."
    ]
