"""Packages that an extra of the project brings, and the sentence that tells of a missing one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fpcore.errors import MissingExtraError


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Turn the import of a package that is not installed, while inside, into one sentence.

    A missing module of a package that is loaded is a fault of that package, and stays one.

    Parameters
    ----------
    extra : str
        The extra of the project that brings what is imported.

    Raises
    ------
    MissingExtraError
        When a package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or sys.modules.get(package) is not None:
            raise
        raise MissingExtraError(
            f"the package {package} is not installed, which this needs: "
            f'`pip install "fpworkbench[{extra}]"` brings it'
        ) from None
