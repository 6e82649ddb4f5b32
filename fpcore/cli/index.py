"""``fpcore stats``, ``check`` and ``backup``: the database as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fpcore.cli import options
from fpcore.cli.output import complain, counted, print_json, print_table, say, size
from fpcore.places import Place

if TYPE_CHECKING:
    from fpcore.store import SnapshotState, StoreStats, TokenStats

EXIT_PROBLEMS = 1

BAR_COLUMNS = 40
"""Width of the longest bar of the histogram."""

QUANTILES = {"median": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def stats(
    *,
    hottest: Annotated[
        int,
        typer.Option(min=0, max=1000, metavar="N", help="How many of the commonest hashes."),
    ] = 5,
    db: options.Database = options.DEFAULT_DATABASE,
    as_json: options.AsJson = False,
) -> None:
    """Tell how large the database is and how its postings are spread over the hashes.

    A posting says that a hash occurs in a song at a time. A hash with very many postings makes
    look-ups slow and says little; the hottest ones are listed as f1|f2|dt: two frequencies in
    bins, and the frames between them.

    \b
    Example:
      fpcore stats --hottest 20

    Exit codes: 0 done, 1 the database cannot be read.
    """
    with options.open_existing(db) as store:
        sizes, spread = store.stats(), store.token_stats(n_hottest=hottest)
        digest, snapshot = store.config.digest, store.snapshot()
    record = _record(sizes, spread, digest, snapshot)
    if as_json:
        print_json(record)
        return
    for label, value in (*_lines(sizes, record), *_snapshot_line(snapshot)):
        say(f"{label:<22}{value}")
    if record["histogram"]:
        say("")
        say("postings of a hash    hashes")
        _tell_histogram(record["histogram"])
    if spread.hottest:
        say("")
        print_table(
            (("hottest hashes", "left"), ("postings", "right")),
            ((token.text, f"{token.n_postings:,}") for token in spread.hottest),
        )


def _record(
    sizes: StoreStats, spread: TokenStats, digest: str, snapshot: SnapshotState | None
) -> dict[str, Any]:
    return {
        "n_songs": sizes.n_songs,
        "duration_s": sizes.duration_s,
        "n_postings": sizes.n_postings,
        "file_bytes": sizes.file_bytes,
        "unused_bytes": sizes.unused_bytes,
        "lookup_bytes": sizes.lookup_bytes,
        "file_bytes_per_posting": _per_posting(sizes.file_bytes, sizes),
        "lookup_bytes_per_posting": _per_posting(sizes.lookup_bytes, sizes),
        "config_digest": digest,
        "snapshot": None if snapshot is None else {**asdict(snapshot), "path": str(snapshot.path)},
        "n_distinct_hashes": spread.n_distinct_tokens,
        "postings_per_hash": {name: spread.quantile(share) for name, share in QUANTILES.items()},
        "histogram": list(_histogram(spread)),
        "hottest": [
            {"token": hot.token, "text": hot.text, "n_postings": hot.n_postings}
            for hot in spread.hottest
        ],
    }


def _per_posting(n_bytes: int | None, sizes: StoreStats) -> float | None:
    return None if n_bytes is None or not sizes.n_postings else n_bytes / sizes.n_postings


def _histogram(spread: TokenStats) -> Iterator[dict[str, int]]:
    """Yield how many hashes have 1, 2 to 3, 4 to 7, … postings."""
    low, most = 1, spread.quantile(1)
    while low <= most:
        high = 2 * low - 1
        inside = (spread.n_postings >= low) & (spread.n_postings <= high)
        yield {"from": low, "to": high, "n_hashes": int(spread.n_tokens[inside].sum())}
        low = 2 * low


def _tell_histogram(bars: list[dict[str, int]]) -> None:
    longest = max(bar["n_hashes"] for bar in bars)
    for bar in bars:
        span = f"{bar['from']:,}" if bar["from"] == bar["to"] else f"{bar['from']:,}-{bar['to']:,}"
        stroke = "#" * -(-bar["n_hashes"] * BAR_COLUMNS // longest)
        say(f"{span:>18}{bar['n_hashes']:>10,}  {stroke}")


def _lines(sizes: StoreStats, record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield labels and values of the sizes."""
    yield "songs", f"{sizes.n_songs:,} ({sizes.duration_s / 3600:.2f} h)"
    yield "postings", f"{sizes.n_postings:,}"
    yield "files", f"{size(sizes.file_bytes)}, of which {size(sizes.unused_bytes)} unused"
    if not sizes.n_postings:
        return
    whole, lookup = record["file_bytes_per_posting"], record["lookup_bytes_per_posting"]
    read = "" if lookup is None else f", of which a look-up reads {lookup:.1f}"
    yield "bytes a posting", f"{whole:.1f}{read}"
    yield "postings a second", f"{sizes.n_postings / max(sizes.duration_s, 1e-9):.1f} of audio"
    yield "distinct hashes", f"{record['n_distinct_hashes']:,}"
    quantiles = (f"{name} {n:,}" for name, n in record["postings_per_hash"].items())
    yield "postings of a hash", ", ".join(quantiles)


def _snapshot_line(snapshot: SnapshotState | None) -> Iterator[tuple[str, str]]:
    """Yield label and value of the snapshot, if there is one."""
    if snapshot is None:
        return
    if snapshot.refusal is not None:
        yield "snapshot", f"not used: {snapshot.refusal}"
        return
    told = f"{counted(snapshot.n_songs, 'song')}, {size(snapshot.file_bytes)}"
    lacks = f", lacks {counted(snapshot.n_newer, 'newer song')}" if snapshot.n_newer else ""
    has = f", has {counted(snapshot.n_removed, 'removed song')}" if snapshot.n_removed else ""
    yield "snapshot", f"{told}{lacks}{has}"


def check(
    *,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Also compare each posting with what was learned; takes several times as long.",
        ),
    ] = False,
    add_checksums: Annotated[
        bool,
        typer.Option(
            "--add-checksums",
            help="Give songs of an older database the checksums that --full compares with.",
        ),
    ] = False,
    db: options.Database = options.DEFAULT_DATABASE,
    as_json: options.AsJson = False,
) -> None:
    """Check that the database is whole: its structure, its configuration and its counts.

    Songs of recordings that were cut off are listed, too; they are no problem.

    \b
    Example:
      fpcore check --full

    Exit codes: 0 all is well, 1 there are problems, each told in a sentence.
    """
    checked = _checked(db, full=full or add_checksums, add_checksums=add_checksums)
    if as_json:
        print_json(asdict(checked))
    else:
        _tell(checked, db)
    for problem in checked.problems:
        complain(f"{db}: {problem}")
    if checked.problems:
        raise typer.Exit(EXIT_PROBLEMS)


@dataclass(frozen=True, slots=True)
class _Checked:
    """What a check found, as it stands in JSON."""

    ok: bool
    full: bool
    n_songs: int
    n_checksums_added: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def _checked(db: Place, *, full: bool, add_checksums: bool) -> _Checked:
    """Check a database; a file too damaged to open is a problem, too."""
    from fpcore.errors import StoreDamagedError

    try:
        with options.open_existing(db) as store:
            n_added = store.add_checksums() if add_checksums else 0
            found = store.check(full=full)
            return _Checked(found.ok, full, store.n_songs(), n_added, found.problems, found.notes)
    except StoreDamagedError as error:
        problem = f"the file is damaged ({error.__cause__}): restore a backup"
        return _Checked(False, full, 0, 0, (problem,))


def _tell(checked: _Checked, db: Place) -> None:
    if checked.n_checksums_added:
        say(f"{db}: {counted(checked.n_checksums_added, 'song')} given a checksum")
    if checked.ok:
        say(f"{db}: all is well with {counted(checked.n_songs, 'song')}")
    for note in checked.notes:
        say(f"{db}: {note}")


def backup(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", readable=False, help="The new file; must not exist.")
    ],
    *,
    db: options.Database = options.DEFAULT_DATABASE,
    as_json: options.AsJson = False,
) -> None:
    """Copy the database to a new file, also while others learn and recognise.

    The copy is a database like the first: use it with --db.

    \b
    Example:
      fpcore backup /mnt/backup/music.db

    Exit codes: 0 the copy is complete, 1 there is none.
    """
    with options.open_existing(db) as store:
        store.backup(path)
    n_bytes = path.stat().st_size
    if as_json:
        print_json({"backup": str(path), "file_bytes": n_bytes})
    else:
        say(f"copied {db} to {path}, {size(n_bytes)}")
