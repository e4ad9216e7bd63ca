"""The health of notify-dispatch: can it work, and does it keep up."""

from __future__ import annotations

import asyncio
from typing import Any

from pulser.database import Database, JsonValue
from pulser.errors import PulserError, SecretMissing
from pulser.slack_errors import TOKEN_REFUSED
from pulser.vault import Vault

CHECK_TIMEOUT = 3.0
# Work that nobody has taken for so long was not rung for: the wake-up is lost, or nothing can be reached.
OVERDUE_AFTER = 15.0


async def checks(ledger: Database, vault: Vault) -> dict[str, dict[str, Any]]:
    """Each check with `ok`, and what is wrong in words. No names, no secrets: whoever asks may read it."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            state = await ledger.call("dispatch_health_v1")
            return {"database": {"ok": True}, "vault": await _vault(vault), **_of_state(state)}
    except (PulserError, TimeoutError):
        return {"database": {"ok": False, "message": "the database does not answer"}}


async def _vault(vault: Vault) -> dict[str, Any]:
    try:
        for name in ("pulser_function_key", "slack_bot_token", "pulser_button_key"):
            await vault.read(name)
    except SecretMissing as error:
        return {"ok": False, "message": str(error)}
    return {"ok": True}


def _of_state(state: JsonValue) -> dict[str, dict[str, Any]]:
    overdue = max(state["oldest_pending_s"] or 0.0, state["overdue_s"] or 0.0)
    backlog: dict[str, Any] = {
        "ok": overdue < OVERDUE_AFTER,
        "pending_events": state["pending_events"],
        "waiting_deliveries": state["waiting_deliveries"],
        "in_doubt": state["in_doubt"],
        "dead_last_hour": state["dead_last_hour"],
    }
    if not backlog["ok"]:
        backlog["message"] = f"work has been due for {overdue:.0f} s and nobody took it"
    refused = next((it["reason"] for it in state["holds"] if _is_refusal(it)), None)
    slack: dict[str, Any] = {"ok": refused is None, "holds": state["holds"]}
    if refused:
        slack["message"] = f"Slack refuses the bot token: {refused}"
    return {"backlog": backlog, "slack": slack}


def _is_refusal(hold: JsonValue) -> bool:
    """Whether Slack refuses the token, for all or for one method; a rate limit is no illness."""
    return hold["method"] == "*" or str(hold["reason"]).removeprefix("probe_") in TOKEN_REFUSED
