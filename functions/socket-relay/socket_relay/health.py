"""The health of the relay: can Slack reach us, and nobody else in our place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from pulser.database import Database, JsonValue
from pulser.errors import PulserError, SecretMissing
from pulser.vault import Vault

CHECK_TIMEOUT = 3.0
CONNECTS_WITHIN = 30.0  # seconds: cron looks each ten, a dial takes up to ten
SECRETS = ("pulser_function_key", "slack_bot_token", "slack_app_token")


class Health:
    """Asks the ledger, which knows the connections of all relays. Answers while the relay itself connects or cannot."""

    def __init__(self, ledger: Database, vault: Vault, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._started_at = clock()

    async def checks(self) -> dict[str, dict[str, Any]]:
        """Each check with `ok`, and what is wrong in words. No names, no secrets: whoever asks may read it."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                status = await self._ledger.call("relay_status_v1")
                return {"database": {"ok": True}, "vault": await self._secrets(), "relay": self._relay(status)}
        except (PulserError, TimeoutError):
            return {"database": {"ok": False, "message": "the database does not answer"}}

    async def _secrets(self) -> dict[str, Any]:
        try:
            for name in SECRETS:
                await self._vault.read(name)
        except SecretMissing as error:
            return {"ok": False, "message": str(error)}
        return {"ok": True}

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
