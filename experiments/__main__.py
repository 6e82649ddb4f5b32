"""The command ``fpbench``, also as ``python -m experiments``."""

from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    from fpcore import limits, starting

    starting.end_quietly()
    limits.spare_memory()
    from experiments.cli import main as run

    run()


# Worker processes import this module again, under another name, and need nothing of it.
if __name__ == "__main__":
    main()
