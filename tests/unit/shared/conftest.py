"""A handler's door for the tests that knock at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pulser.handling import HandlerService
from pulser.http import answer
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.unit.shared.handling_door import KEY, NOW, OLD, SECRET, Door
from tests.unit.shared.handling_ledger import FakeLedger
from tests.unit.shared.handling_scene import Scene


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """The function, served in this process."""
    secrets = {
        "pulser_function_key": KEY,
        "slack_bot_token": "xoxb-sentinel",
        "slack_signing_secret": SECRET,
        "slack_signing_secret_previous": OLD,
    }
    made = Door(FakeLedger(secrets))
    vault = Vault(made.ledger)

    async def checks() -> dict[str, dict[str, Any]]:
        return {"database": {"ok": True}}

    service = HandlerService(
        "command-handler", made.ledger, vault, SlackApi(vault), made.handle, checks, wall_clock=lambda: NOW
    )

    async def endpoint(request: Request) -> Response:
        return await answer(lambda: service, request)

    app = Starlette(routes=[Route("/", endpoint, methods=["GET", "POST", "PUT"])])
    made.service = service
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://function") as http:
        made.http = http
        yield made
    await service.close()
    assert made.ledger.closed


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A worker, a ledger and one recorded command."""
    made = Scene()
    made.recorded()
    yield made
    await made.work.finish()
