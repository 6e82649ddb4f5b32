"""What the documentation shows of a body."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import BaseModel


def assert_exemplified(model: type[BaseModel], client: httpx.Client) -> None:
    """Check that the example of a body is one, and that the documentation shows it."""
    extra: Any = model.model_config["json_schema_extra"]
    example = extra["example"]
    assert example.keys() == model.model_fields.keys()
    model.model_validate(example)
    schema = client.get("/openapi.json").json()["components"]["schemas"][model.__name__]
    # FastAPI leaves out what is null.
    assert schema["example"].keys() == {name for name in example if example[name] is not None}
