"""Refuses the message of a commit that is hard to read later; git's ``commit-msg`` hook calls it.

The subject is at most 72 characters, so that ``git log --oneline`` shows all of it; after an
empty line the body says why. Subjects that git writes itself need no body.
"""

from __future__ import annotations

import sys
from pathlib import Path

LONGEST = 72
BY_GIT = ("Merge ", "Revert ", "fixup! ", "squash! ", "amend! ")
SCISSORS = "# ------------------------ >8"


def fault(message: str) -> str:
    """Return what is wrong with a message in one sentence, or "" where nothing is."""
    written = message.partition(SCISSORS)[0]
    lines = [line.rstrip() for line in written.splitlines() if not line.startswith("#")]
    subject, *rest = "\n".join(lines).strip().split("\n")
    if subject.startswith(BY_GIT):
        return ""
    if len(subject) > LONGEST:
        return f"the subject has {len(subject)} characters: at most {LONGEST} are shown in lists"
    if rest and rest[0]:
        return "the second line must be empty: git takes all up to there for the subject"
    if not any(rest):
        return "there is no body: say after an empty line why the change is made"
    return ""


if __name__ == "__main__":
    found = fault(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if found:
        sys.exit(f"commit refused: {found}")
