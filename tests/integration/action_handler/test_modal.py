"""From the typed command to the deploy hook, with both handlers, through Slack's own modal."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from command_handler.handle import CommandHandler
from pulser.database import DirectDatabase
from pulser.handling import HandlerService
from pulser.handling_health import handler_checks
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_local.slack.http_carrier import RequestUrls
from tests.integration.action_handler.stage import Stage, served

TYPED = {"service": "api", "version": "1.2.4", "environment": "production", "reason": "a fix"}


@contextlib.asynccontextmanager
async def _commands(stage: Stage) -> AsyncIterator[None]:
    """command-handler takes what is typed; action-handler goes on taking the rest."""
    ledger = DirectDatabase(stage.url)
    vault = Vault(ledger)
    handler = CommandHandler(ledger, vault, slack := SlackApi(vault, stage.slack.api_url))
    service = HandlerService("command-handler", ledger, vault, slack, handler, lambda: handler_checks(ledger, vault))
    async with served(service) as url:
        await stage.slack.use_http(RequestUrls(interactions=str(stage.http.base_url), commands=f"{url}/"))
        yield
    await handler.close()
    await service.close()


@pytest.fixture
async def both(stage: Stage) -> AsyncIterator[Stage]:
    """Both handlers behind one Slack."""
    async with _commands(stage):
        yield stage


async def opened(stage: Stage, user: str) -> dict[str, Any]:
    """The modal of a typed `/pulser deploy api`."""
    await stage.slack.command("/pulser", "deploy api", user, "ops-alerts")
    view: dict[str, Any] = stage.slack.modals(user)[-1]
    return view


async def test_a_deploy_from_the_command_to_its_hook(both: Stage) -> None:
    """Typed and submitted by Alice, approved by Bob in the channel."""
    view = await opened(both, "U0ALICE")
    submitted = await both.slack.submit_view(view["id"], TYPED, "U0ALICE")
    assert (submitted.outcome, both.slack.modals("U0ALICE")) == ("acked", [])
    await both.settled()
    await both.dispatch()
    await both.click("approve", "U0BOB")
    (hook,) = await both.hooks()
    assert (hook["inputs"]["version"], hook["inputs"]["requested_by"]) == ("1.2.4", "U0ALICE")
    assert [it["type"] for it in await both.audits() if it["type"] != "slack.command"] == [
        "deploy.requested",
        "deploy.approved",
    ]


async def test_an_error_stands_in_the_modal_that_stays_open(both: Stage) -> None:
    """Within Slack's three seconds; put right, it is taken."""
    view = await opened(both, "U0ALICE")
    await both.slack.submit_view(view["id"], TYPED | {"version": "$(reboot)"}, "U0ALICE")
    (still,) = both.slack.modals("U0ALICE")
    assert "version" in still["errors"]
    await both.slack.submit_view(view["id"], TYPED, "U0ALICE")
    assert both.slack.modals("U0ALICE") == []
