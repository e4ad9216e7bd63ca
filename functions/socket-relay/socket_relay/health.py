"""The health of the relay: can Slack reach us, and nobody else in our place."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from pulser.database import Database, JsonValue
from pulser.health import Checks, checked, vault_check
from pulser.vault import Vault

# The SQL functions that the relay calls: a test compares.
CALLS: Final = (
    *("claim_relay_session_v1", "cover_relay_v1", "dial_again_v1", "expire_envelopes_v1", "hold_connections_open_v1"),
    *("owe_late_reply_v1", "raise_relay_alarm_v1", "read_secret_v1", "record_envelopes_v1", "relay_status_v1"),
    "report_relay_sessions_v1",
)
CONNECTS_WITHIN = 30.0  # seconds: cron looks each ten, a dial takes up to ten
SECRETS = ("pulser_function_key", "slack_bot_token", "slack_app_token")


class Health:
    """Asks the ledger, which knows the connections of all relays. Answers while the relay itself connects or cannot."""

    def __init__(self, ledger: Database, vault: Vault, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._started_at = clock()

    async def checks(self) -> Checks:
        """As pulser.health.checked: the database, Vault, and the connections."""
        return await checked(self._ledger, CALLS, self._further)

    async def _further(self) -> Checks:
        status = await self._ledger.call("relay_status_v1")
        return {"vault": await vault_check(self._vault, SECRETS), "relay": self._relay(status)}

    def _relay(self, status: JsonValue) -> dict[str, Any]:
        said: dict[str, Any] = {
            "ok": True,
            "transport": status["transport"],
            "live": status["live"],
            "ghosts": status["ghosts"],
            "uptime_24h": status["uptime_24h"],
            "reconnects_24h": status["reconnects_24h"],
            "last_gap": status["last_gap"],
        }
        if status["transport"] != "socket":
            return said | {"message": "Socket Mode is switched off: Slack calls the handlers by HTTP"}
        if status["ghosts"]:
            message = f"Slack counts {status['ghosts']} connections that pulser does not know: clicks may go there"
            return said | {"ok": False, "message": message}
        if status["live"]:
            return said
        # A process that has just started has not had the time yet.
        connecting = self._clock() - self._started_at < CONNECTS_WITHIN
        return said | {"ok": connecting, "message": "connecting" if connecting else "no connection to Slack is up"}
