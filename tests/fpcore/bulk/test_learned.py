"""What became of many recordings, in words and as a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fpcore.audio import PassedOver
from fpcore.bulk.learn import Outcome
from fpcore.bulk.learned import LearnedFiles
from fpcore.store import open_store
from tests.fpcore.store.material import PACKED, entry


def test_songs_are_listed_once_and_failures_come_first(tmp_path: Path) -> None:
    with open_store(tmp_path / "songs.db", PACKED, create=True) as store:
        song = store.add_song(*entry(1, name="<Aria>")).song
    new = Outcome(Path("a.wav"), "learned", song)
    again = replace(new, path=Path("b.wav"), status="known")
    failed = Outcome(Path("c.wav"), "failed", reason="is no audio")
    learned = LearnedFiles(
        (new, again, failed), (PassedOver(Path("d.txt"), "holds none"),), ("gone",)
    )
    assert learned.songs == [song]
    assert learned.failures == (failed,)
    assert str(learned) == "1 learned, 1 known before, 2 failed, 1 passed over"
    shown = learned._repr_html_()
    assert shown.index("gone") < shown.index("c.wav") < shown.index("a.wav")
    assert "&lt;Aria&gt;" in shown
    assert str(LearnedFiles(())) == "0 learned"
