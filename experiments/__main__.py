"""``python -m experiments`` is the command ``fpbench``."""

from experiments.cli import main

main()
