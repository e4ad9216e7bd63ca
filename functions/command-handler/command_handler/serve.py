"""The parts of command-handler, put together."""

from __future__ import annotations

from typing import Any

from command_handler.handle import CommandHandler
from pulser import logs
from pulser.database import connect
from pulser.handling import HandlerService
from pulser.handling_health import handler_checks
from pulser.settings import Settings
from pulser.slack import SlackApi
from pulser.vault import Vault

FUNCTION = "command-handler"


def make_service() -> HandlerService:
    """Everything one process needs. Raises pydantic.ValidationError, which names the variable that is wrong."""
    settings = Settings()
    logs.configure(settings.pulser_log_level)
    ledger = connect(settings)
    vault = Vault(ledger)
    slack = SlackApi(vault, str(settings.slack_api_url))

    async def checks() -> dict[str, dict[str, Any]]:
        return await handler_checks(ledger, vault)

    handler = CommandHandler(ledger, vault, slack)
    return HandlerService(FUNCTION, ledger, vault, slack, handler, checks, drain_seconds=settings.pulser_drain_seconds)
