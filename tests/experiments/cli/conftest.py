"""A spec as a user writes it: a file that is named after itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.experiments import small


@pytest.fixture
def spec_file(workbench: Path, tmp_path: Path) -> Path:
    content = {key: value for key, value in small.CONTENT.items() if key != "name"}
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(content))
    return path
