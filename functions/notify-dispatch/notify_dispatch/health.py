"""The health of notify-dispatch: can it work, and does it keep up."""

from __future__ import annotations

from typing import Any, Final

from pulser.database import Database, JsonValue
from pulser.health import Checks, checked, vault_check
from pulser.slack_errors import TOKEN_REFUSED
from pulser.vault import Vault

# The SQL functions that this function calls: a test compares.
CALLS: Final = (
    *("claim_canary_v1", "claim_deliveries_v1", "claim_events_v1", "dispatch_health_v1", "events_wait_v1"),
    *("metrics_v1", "read_secret_v1", "record_deliveries_v1", "rest_v1", "ring_doorbell_v1"),
    *("routes_v1", "settle_canary_v1", "settle_delivery_v1"),
)
# Work that nobody has taken for so long was not rung for: the wake-up is lost, or nothing can be reached.
OVERDUE_AFTER = 15.0


async def checks(ledger: Database, vault: Vault) -> Checks:
    """As pulser.health.checked: the database, Vault, the backlog, and Slack's holds."""

    async def further() -> Checks:
        state = await ledger.call("dispatch_health_v1")
        secrets = ("pulser_function_key", "slack_bot_token", "pulser_button_key")
        return {"vault": await vault_check(vault, secrets), **_of_state(state)}

    return await checked(ledger, CALLS, further)


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
