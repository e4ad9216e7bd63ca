"""The health of a handler: can it work, and does it keep up."""

from __future__ import annotations

import asyncio
from typing import Any

from pulser.database import Database, JsonValue
from pulser.errors import PulserError, SecretMissing
from pulser.vault import Vault

CHECK_TIMEOUT = 3.0
# An envelope that nobody has taken for so long was not forwarded, and the sweep did not ring or we did not come.
OVERDUE_AFTER = 30.0


async def handler_checks(ledger: Database, vault: Vault, *secrets: str) -> dict[str, dict[str, Any]]:
    """Each check with `ok`, and what is wrong in words. `secrets`: names in Vault that the handler needs.

    No names of people, no secrets: whoever asks may read it.
    """
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            state = await ledger.call("envelope_health_v1")
            return {"database": {"ok": True}, "vault": await _vault(vault, secrets), "backlog": _backlog(state)}
    except (PulserError, TimeoutError):
        return {"database": {"ok": False, "message": "the database does not answer"}}


async def _vault(vault: Vault, secrets: tuple[str, ...]) -> dict[str, Any]:
    try:
        for name in ("pulser_function_key", "slack_bot_token", *secrets):
            await vault.read(name)
    except SecretMissing as error:
        return {"ok": False, "message": str(error)}
    return {"ok": True}


def _backlog(state: JsonValue) -> dict[str, Any]:
    oldest = state["oldest_pending_s"] or 0.0
    counted = {name: state[name] for name in ("pending", "processing", "failed_last_hour")}
    if oldest < OVERDUE_AFTER:
        return {"ok": True, **counted}
    return {"ok": False, **counted, "message": f"an envelope has been waiting for {oldest:.0f} s and nobody took it"}
