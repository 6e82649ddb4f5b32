"""The command ``fpbench``.

Each module of this package holds the commands of one subject and a function ``register`` that
adds them. Conventions are those of ``fpcore`` (see `fpcore.cli`): answers on standard output,
errors and progress on standard error, exit codes 0 done, 1 failed, 2 wrong usage, 130
interrupted.
"""

from __future__ import annotations

import os
import warnings
from typing import NoReturn

import typer

from experiments.cli import (
    accuracy,
    bench,
    demo,
    evaluate,
    false_alarms,
    peers,
    promote,
    report,
    sweep,
    trust,
    tune,
)
from fpcore.cli import process
from fpcore.cli.options import with_version

CLEANED_UP = "ignore:resource_tracker:UserWarning"

app = typer.Typer(
    name="fpbench",
    help=(
        "Find the configuration that recognises your music best, and promote it.\n\n"
        "\b\n"
        "  fpbench sweep classic\n"
        "  fpbench report classic-20260101-120000\n"
        "  fpbench promote classic-20260101-120000 --trial t004 --name mine\n\n"
        "Every command tells more with --help.\n\n"
        "Exit codes: 0 done, 1 something failed (a sentence says what), 2 wrong usage, "
        "130 interrupted."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    *(demo, sweep, tune, report, promote, accuracy, evaluate),
    *(bench, false_alarms, peers, trust),
)
with_version(app, "fpbench")
for module in COMMANDS:
    module.register(app)


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    # Workers map the corpus into their memory. joblib takes that for a leak and renews them,
    # which costs nothing and need not worry anyone.
    warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
    # What workers that are stopped leave in shared memory is cleaned up: that is no news either.
    warned = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join([*([warned] if warned else []), CLEANED_UP])
    process.run(app, name="fpbench", extra="bench")
