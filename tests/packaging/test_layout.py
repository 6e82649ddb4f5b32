"""Tests are laid out like the code: who knows a module knows where its tests are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fpcore", "experiments", "api", "clients", "notebooks")

WITHOUT_TESTS = {
    "api/__main__.py": "starts the command",
    "api/decoding/preload.py": "imports what every decoder needs",
    "clients/desktop/__main__.py": "starts the command",
    "clients/desktop/preferences.py": "what can be chosen: see clients/preferences.py",
    "clients/desktop/widgets/look.py": "colours, fonts, and plain parts that the views show",
    "clients/mobile/__main__.py": "starts the command",
    "clients/mobile/preferences.py": "what can be chosen: see clients/preferences.py",
    "clients/mobile/views/look.py": "colours, and plain parts that the views show",
    "clients/rest/errors.py": "classes of errors",
    "experiments/__main__.py": "starts the command",
    "experiments/corpora/synthesis/grooves.py": "constants",
    "experiments/errors.py": "classes of errors",
    "experiments/protocol/defaults.py": "constants",
    "fpcore/__main__.py": "starts the command",
    "fpcore/errors.py": "classes of errors",
}
"""Modules that do nothing by themselves, and what they hold."""

OF_A_WHOLE = {
    "tests/api/page/test_accessibility.py": "the page without a mouse and for a screen reader",
    "tests/api/page/test_answers.py": "what the page shows of an answer",
    "tests/api/page/test_listening.py": "the page at a microphone",
    "tests/api/page/test_problems.py": "the page when something fails",
    "tests/api/page/test_serving.py": "the page's files",
    "tests/api/page/test_songs.py": "the page's list of songs",
    "tests/api/test_crowding.py": "clients that stall, trickle, idle or vanish",
    "tests/api/test_hosts.py": "two servers at one database, one of which is killed",
    "tests/api/test_fuzz.py": "damaged files in requests",
    "tests/api/test_model.py": "random requests to a server",
    "tests/api/test_processes.py": "servers that are crowded or killed",
    "tests/api/test_schema.py": "requests drawn from what the documentation allows",
    "tests/clients/mobile/test_phone.py": "the page in a browser, with microphone and servers",
    "tests/experiments/cli/test_help.py": "all commands: their help and their exit codes",
    "tests/experiments/report/test_notebooks.py": "notebooks of reports, run by hand",
    "tests/experiments/studies/peers/test_with_audfprint.py": "a whole comparison",
    "tests/fpcore/audio/test_fuzz.py": "damaged files of every kind",
    "tests/fpcore/cli/test_help.py": "all commands: their help and their exit codes",
    "tests/fpcore/cli/test_interruptions.py": "commands that are killed",
    "tests/fpcore/cli/test_on_postgres.py": "commands on a server's database",
    "tests/fpcore/cli/test_reindex_interruptions.py": "a command that is killed",
    "tests/fpcore/store/postgres/test_faults.py": "servers and machines that are killed",
    "tests/fpcore/store/test_contract.py": "what every store keeps",
    "tests/fpcore/store/test_contract_of_reading.py": "what every store finds",
    "tests/fpcore/store/test_model.py": "random operations on every store",
    "tests/fpcore/store/test_processes.py": "several processes at one index",
    "tests/fpcore/test_golden.py": "hashes of the whole pipeline",
    "tests/notebooks/test_lessons.py": "the lessons, run from begin to end",
}
"""Files that test several modules together, and what they test."""


def place_of_tests(module: str) -> str:
    """Return where a module's tests are, both as paths from the root."""
    path = Path(module)
    return str(Path("tests") / path.parent / f"test_{path.stem.lstrip('_')}.py")


def modules() -> Iterator[str]:
    """Yield every module that holds code, as a path from the root."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if file.name != "__init__.py":
                yield str(file.relative_to(ROOT))


def test_every_module_has_its_tests_at_its_own_path() -> None:
    assert place_of_tests("fpcore/audio/_blocks.py") == "tests/fpcore/audio/test_blocks.py"
    missing = {one for one in modules() if not (ROOT / place_of_tests(one)).is_file()}
    assert missing == set(WITHOUT_TESTS)


def test_every_test_is_of_a_module_or_is_known_as_one_of_a_whole() -> None:
    files = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / "tests" / package).rglob("test_*.py")
    }
    assert len(files) > 200
    assert files - {place_of_tests(one) for one in modules()} == set(OF_A_WHOLE)
