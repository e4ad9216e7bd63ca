"""The parts of command-handler, put together."""

from __future__ import annotations

from typing import Any, Final

from command_handler.handle import CommandHandler
from command_handler.silence import BUTTON_KEY
from pulser import process
from pulser.database import connect
from pulser.handling import HandlerService
from pulser.handling_health import handler_checks
from pulser.settings import Settings
from pulser.slack import SlackApi
from pulser.vault import Vault

FUNCTION = "command-handler"
# The SQL functions that this handler calls, beside those of every handler: a test compares.
CALLS: Final = (
    *("canary_status_v1", "dispatch_health_v1", "list_services_v1", "list_silences_v1", "preview_silence_v1"),
    *("relay_status_v1", "running_deploys_v1", "service_status_v1", "transport_v1", "why_v1"),
)


def make_service() -> HandlerService:
    """Everything one process needs. Raises pydantic.ValidationError, which names the variable that is wrong."""
    settings = Settings()
    ledger = connect(settings)
    process.begin(settings.pulser_log_level)
    vault = Vault(ledger)
    slack = SlackApi(vault, str(settings.slack_api_url))

    async def checks() -> dict[str, dict[str, Any]]:
        return await handler_checks(ledger, vault, BUTTON_KEY, calls=CALLS)

    handler = CommandHandler(ledger, vault, slack)
    return HandlerService(FUNCTION, ledger, vault, slack, handler, checks, drain_seconds=settings.pulser_drain_seconds)
