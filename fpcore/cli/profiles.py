"""``fpcore profile``: what configurations there are and how they differ."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fpcore.cli import options
from fpcore.cli.output import complain, print_json, print_table, say

if TYPE_CHECKING:
    from fpcore.config import Profile

EXIT_ERROR = 1

MOST_SHOWN = 60
"""How many characters of a text are shown in a table."""

app = typer.Typer(
    help=(
        "Show profiles: complete configurations, from the sample rate to the threshold.\n\n"
        "A profile is one JSON file. Its fingerprint part makes the hashes: a database is bound "
        "to it. Its query and decision parts may change at any time."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(short_help="Show every setting of a profile, and its accuracy.")
def show(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE]", envvar="FPCORE_PROFILE", help="The default one if left out."
        ),
    ] = None,
    *,
    as_json: options.AsJson = False,
) -> None:
    """Show one profile: every setting of it, and what is known of its accuracy.

    With --json the answer is a whole profile file: change it and use it with --profile.

    \b
    Example:
      fpcore profile show seed --json > mine.json

    Exit codes: 0 done, 1 there is no such profile or it is not valid.
    """
    from fpcore.profiles import DEFAULT_PROFILE, load_profile

    profile = load_profile(name or DEFAULT_PROFILE)
    if as_json:
        print_json(profile.model_dump(mode="json"))
        return
    say(f"{profile.name}: {profile.description}" if profile.description else profile.name)
    say("")
    apart = {"name", "description", "provenance"}
    rows = _leaves(profile.model_dump(mode="json", exclude={*apart, "decision"}))
    model = _leaves(profile.decision.model_dump(mode="json", exclude={"calibration"}), "decision.")
    print_table((("field", "left"), ("value", "left")), (*rows, *model))
    config = profile.fingerprint
    say("")
    say(f"a frame every {config.hop_s * 1000:.1f} ms, bins of {config.bin_hz:.2f} Hz")
    say(f"digest {config.digest}")
    say(f"decision {profile.decision.calibration or 'never calibrated'}")
    for line in _measured(profile.provenance or {}):
        say(line)


_METRICS = {
    "accepted_right": "accepted, and right",
    "false_accept": "given a name, although not indexed",
}


def _measured(card: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words what a model card says of all conditions together.

    A card written by hand may lack any part.
    """
    overall = card.get("overall") or {}
    known = {
        name: one for name in _METRICS if (one := overall.get(name)) and one["share"] is not None
    }
    if not known:
        yield "accuracy never measured"
        return
    corpus, date = (card.get("corpus") or {}).get("name"), str(card.get("date") or "")[:10]
    yield f"accuracy measured on {corpus or 'an unnamed corpus'}{date and f', {date}'}"
    for name, one in known.items():
        share, low, high = (f"{100 * one[key]:.2f}" for key in ("share", "low", "high"))
        yield f"  {_METRICS[name]}: {share}% of {one['n']:,}, 95% interval {low} to {high}%"


def _leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the values of nested dicts under dotted keys."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", "-" if value is None else value


@app.command("list")
def list_profiles(*, as_json: options.AsJson = False) -> None:
    """List the profiles that can be used by their name.

    Presets come with the program. A profile of yours with the name of a preset stands in for it:
    remove its file to have the preset again.

    \b
    Example:
      fpcore profile list

    Exit codes: 0 done, 1 one of the profiles is not valid.
    """
    from fpcore.errors import ConfigError
    from fpcore.profiles import load_profile, profile_names, profiles_folder

    found: list[dict[str, Any]] = []
    faults: list[str] = []
    for name in profile_names():
        try:
            found.append(_summary(name, load_profile(name)))
        except ConfigError as error:
            faults.append(str(error))
    if as_json:
        print_json({"profiles": found})
    else:
        headings = ("profile", "from", "digest", "description")
        print_table(tuple((heading, "left") for heading in headings), map(_row, found))
        say(f"your profiles lie in {profiles_folder()}")
    for fault in faults:
        complain(fault)
    if faults:
        raise typer.Exit(EXIT_ERROR)


def _summary(name: str, profile: Profile) -> dict[str, Any]:
    """Return what the list tells of the profile that is found under ``name``."""
    from fpcore.profiles import DEFAULT_PROFILE, preset_names, user_profile_names

    is_yours = name in user_profile_names()
    return {
        "name": profile.name,
        "from": "you" if is_yours else "preset",
        "replaces_preset": is_yours and name in preset_names(),
        "description": profile.description,
        "default": profile.name == DEFAULT_PROFILE,
        "digest": profile.fingerprint.digest,
        "threshold": profile.decision.threshold,
        "calibration": profile.decision.calibration,
    }


def _row(summary: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return a profile's line of the table."""
    name = f"{summary['name']} (default)" if summary["default"] else summary["name"]
    origin = f"{summary['from']}, for the preset" if summary["replaces_preset"] else summary["from"]
    return name, origin, summary["digest"][:12], summary["description"]


@app.command(short_help="Tell in which fields two profiles differ.")
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A profile's name or file.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Another one.")],
    *,
    as_json: options.AsJson = False,
) -> None:
    """Tell in which fields two profiles differ, and whether music must be learned again.

    It must when any field of the fingerprint differs, since then the hashes do; a database of
    one profile then cannot be asked under the other.

    \b
    Example:
      fpcore profile diff seed mine.json

    Exit codes: 0 compared, whether or not they differ, 1 one of them is not valid.
    """
    from fpcore import config
    from fpcore.profiles import load_profile

    before, after = load_profile(old), load_profile(new)
    fields = {
        field: values
        for field, values in config.diff(before, after).items()
        if field.partition(".")[0] in ("fingerprint", "query", "decision")
    }
    must_learn = before.fingerprint.digest != after.fingerprint.digest
    if as_json:
        records = [
            {"field": field, "old": values[0], "new": values[1]} for field, values in fields.items()
        ]
        print_json({"fields": records, "must_learn_again": must_learn})
        return
    if fields:
        headings = ("field", before.name, after.name)
        print_table(
            tuple((heading, "left") for heading in headings),
            ((field, *(_shown(value) for value in values)) for field, values in fields.items()),
        )
    say(_verdict(differ=bool(fields), must_learn=must_learn))


def _shown(value: object) -> str:
    """Return a value as it stands in a table, where neither long texts nor 17 digits fit."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    return textwrap.shorten(str(value), MOST_SHOWN, placeholder=" …")


def _verdict(*, differ: bool, must_learn: bool) -> str:
    if must_learn:
        return "They make different hashes: `fpcore reindex --profile NEW` takes a database over."
    if differ:
        return "They make the same hashes: both work on the same database."
    return "They are the same."
