"""The contract of a system under comparison, kept by every system that there is."""

from __future__ import annotations

import importlib.util
import json
import pickle
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.corpora import corpus
from experiments.studies.peers.audfprint import PACKAGE, AudfprintSpec
from experiments.studies.peers.contract import INDEX, Spec, System, warm_up_noise
from experiments.studies.peers.workbench import WorkbenchSpec
from tests.experiments import small
from tests.experiments.studies.peers.small_comparison import BALANCED
from tests.experiments.studies.peers.toy import ToySpec

SPECS: list[Spec] = [
    ToySpec(),
    WorkbenchSpec(BALANCED),
    AudfprintSpec(50, 6),
]


@dataclass(frozen=True, slots=True)
class Learned:
    """A system that was closed after it had learned two songs and saved them."""

    spec: Spec
    folder: Path
    songs: tuple[Path, Path]


@pytest.fixture(scope="module", params=SPECS, ids=[spec.name for spec in SPECS])
def spec(request: pytest.FixtureRequest) -> Spec:
    chosen: Spec = request.param
    if isinstance(chosen, AudfprintSpec) and importlib.util.find_spec(PACKAGE) is None:
        pytest.skip("audfprint is not installed: install the extra 'peers'")
    return chosen


@pytest.fixture(scope="module")
def learned(spec: Spec, workbench: Path, tmp_path_factory: pytest.TempPathFactory) -> Learned:
    source = corpus(small.CORPUS)
    first, second = (source.path_of(track) for track in source.tracks[:2])
    folder = tmp_path_factory.mktemp("system")
    system = spec.open(folder)
    assert system.songs() == frozenset()
    for path in (first, second):
        system.learn(path.stem, system.decode(path))
    assert system.save() > 0
    system.close()
    return Learned(spec, folder, (first, second))


@pytest.fixture(scope="module")
def opened(learned: Learned) -> Iterator[System]:
    """The system, opened again."""
    with closing(learned.spec.open(learned.folder)) as system:
        yield system


def test_a_description_is_json_and_can_be_sent_to_another_process(spec: Spec) -> None:
    spec.check()
    assert json.loads(json.dumps(spec.describe()))["family"] == spec.family
    sent = pickle.loads(pickle.dumps(spec))
    assert (sent.name, sent.describe()) == (spec.name, spec.describe())


def test_saved_songs_are_known_when_it_is_opened_again(learned: Learned, opened: System) -> None:
    assert opened.songs() == {path.stem for path in learned.songs}


def test_all_that_it_needs_to_answer_lies_in_the_folder_of_its_index(
    learned: Learned, tmp_path: Path
) -> None:
    shutil.copytree(learned.folder / INDEX, tmp_path / INDEX)
    system = learned.spec.open(tmp_path)
    answer = system.ask(learned.songs[1])
    assert (answer.song, answer.accepted) == (learned.songs[1].stem, True)
    assert answer.score > 0
    system.close()


def test_noise_gets_no_name(opened: System, tmp_path: Path) -> None:
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, warm_up_noise(22_050), 22_050)
    assert not opened.ask(noise).accepted


def test_warming_up_leaves_the_index_as_it_is(learned: Learned, opened: System) -> None:
    opened.warm_up()
    assert opened.songs() == {path.stem for path in learned.songs}
    assert opened.ask(learned.songs[0]).song == learned.songs[0].stem


def test_noise_to_warm_up_with_is_some_seconds_of_sound_the_same_every_time() -> None:
    noise = warm_up_noise(8000)
    assert noise.dtype == np.float32
    assert noise.shape == (5 * 8000,)
    assert 0.05 < noise.std() < 0.2
    np.testing.assert_array_equal(noise, warm_up_noise(8000))
