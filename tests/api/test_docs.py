"""The documentation page."""

from __future__ import annotations

import anyio
import httpx
from fastapi import FastAPI

from api import docs


def test_documentation_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/assets/{asset}" in page.text
        assert len(client.get(f"/docs/assets/{asset}").content) > 10_000


def test_behind_a_proxy_the_page_loads_its_parts_from_where_the_proxy_has_them() -> None:
    app = FastAPI(title="A service", docs_url=None)
    docs.install(app)

    async def ask() -> str:
        transport = httpx.ASGITransport(app, root_path="/music")
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as behind:
            return (await behind.get("/docs")).text

    page = anyio.run(ask)
    assert "<title>A service</title>" in page
    for part in ("openapi.json", "docs/assets/swagger-ui-bundle.js", "docs/assets/favicon.png"):
        assert f"/music/{part}" in page
