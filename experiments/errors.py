"""Errors of experiments: each message is one sentence with cause and remedy."""

from __future__ import annotations

from fpcore.errors import FpError


class CorpusError(FpError):
    """A corpus that cannot be prepared, is damaged, or does not suffice for what is asked."""


class RunError(FpError):
    """A run folder that cannot be read, written, or continued."""
