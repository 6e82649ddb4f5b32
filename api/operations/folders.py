"""Temporary folders of server processes."""

from __future__ import annotations

from fpcore.own_folders import Maker

SERVERS = Maker(
    prefix="fpapi-",
    mark=".made-by-fpapi",
    told="A server of `python -m api` works here. Once it has ended, the next one removes this.\n",
)
"""Who makes them, of a process or of all processes of a server."""
