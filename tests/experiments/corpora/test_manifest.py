"""Manifests: the same corpus gives the same bytes, and a changed one is noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.corpora import Corpus
from experiments.corpora.manifest import mark_duplicates, read_manifest, with_works
from experiments.errors import CorpusError
from fpcore.atomic import write_text
from tests.experiments.corpora.material import track


class TestManifest:
    CORPUS = Corpus("folder:x", Path("root"), (track("a"), track("b")))

    def test_it_is_read_back_as_it_was_written(self, tmp_path: Path) -> None:
        write_text(tmp_path / "manifest.json", self.CORPUS.to_json(), durable=True)
        assert read_manifest(tmp_path / "manifest.json", root=Path("root")) == self.CORPUS
        assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]

    def test_its_bytes_are_canonical(self) -> None:
        text = self.CORPUS.to_json()
        assert text.isascii()
        assert json.dumps(json.loads(text), sort_keys=True, indent=1) + "\n" == text

    def test_the_checksum_covers_tracks_and_nothing_else(self) -> None:
        assert replace(self.CORPUS, name="y", root=Path("z")).checksum == self.CORPUS.checksum
        for change in ({"checksum": "c"}, {"work": "c"}, {"duration_s": 2.0}, {"id": "c"}):
            tracks = (self.CORPUS.tracks[0], self.CORPUS.tracks[1].model_copy(update=change))
            assert replace(self.CORPUS, tracks=tracks).checksum != self.CORPUS.checksum

    def test_the_checksum_is_the_same_on_every_machine(self) -> None:
        assert self.CORPUS.checksum.startswith("f3c1ed8ba763fe58")

    def test_a_missing_one_and_one_of_another_format_are_made_anew(self, tmp_path: Path) -> None:
        path = tmp_path / "manifest.json"
        assert read_manifest(path, root=tmp_path) is None
        path.write_text('{"format": 0, "whatever": 1}')
        assert read_manifest(path, root=tmp_path) is None

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("{", "", "is not a corpus manifest"),
            ('"name"', '"nome"', "is not a corpus manifest"),
            ('"duration_s": 1.0', '"duration_s": "long"', "is not a corpus manifest"),
            ('"duration_s": 1.0', '"duration_s": 1.5', "does not have the checksum"),
        ],
    )
    def test_a_changed_one_is_refused(
        self, tmp_path: Path, old: str, new: str, message: str
    ) -> None:
        path = tmp_path / "manifest.json"
        path.write_text(self.CORPUS.to_json().replace(old, new, 1))
        with pytest.raises(CorpusError, match=f"{message}.*remove it"):
            read_manifest(path, root=tmp_path)

    @pytest.mark.parametrize("text", ["[]", "3", ""])
    def test_json_of_another_shape_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(CorpusError, match="is not a corpus manifest"):
            read_manifest(tmp_path / "manifest.json", root=tmp_path)

    def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        path = tmp_path / "manifest.json"
        write_text(path, "old", durable=True)
        with pytest.raises(UnicodeEncodeError):
            write_text(path, "\udcff", durable=True)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]


class TestWorks:
    CORPUS = Corpus(
        "x",
        Path(),
        mark_duplicates([track("d", content="1"), track("a", content="1"), track("b"), track("c")]),
    )

    def works(self, *groups: tuple[str, ...]) -> dict[str, str]:
        return {t.id: t.work for t in with_works(self.CORPUS, groups).tracks}

    def test_without_groups_only_duplicates_share_a_work(self) -> None:
        assert self.works() == {"a": "a", "b": "b", "c": "c", "d": "a"}

    def test_the_first_of_a_group_names_the_work(self) -> None:
        assert self.works(("c", "b")) == {"a": "a", "b": "c", "c": "c", "d": "a"}

    @pytest.mark.parametrize("member", ["a", "d"])
    def test_a_duplicate_and_its_original_go_together(self, member: str) -> None:
        assert self.works(("b", member)) == {"a": "b", "b": "b", "c": "c", "d": "b"}

    def test_naming_a_duplicate_beside_its_original_is_harmless(self) -> None:
        assert self.works(("a", "d", "b")) == {"a": "a", "b": "a", "c": "c", "d": "a"}

    def test_tracks_of_a_missing_package_are_passed_over(self) -> None:
        assert self.works(("gone", "b", "c")) == {"a": "a", "b": "gone", "c": "gone", "d": "a"}

    def test_groups_are_not_sticky(self) -> None:
        grouped = with_works(self.CORPUS, [("b", "c")])
        assert with_works(grouped, []) == self.CORPUS

    def test_a_track_in_two_groups_is_refused(self) -> None:
        with pytest.raises(CorpusError, match="'b' stands in two groups"):
            self.works(("a", "b"), ("b", "c"))
