"""The health of a handler: can it work, and does it keep up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pulser.database import Database, JsonValue
from pulser.health import Checks, checked, vault_check
from pulser.vault import Vault

# The SQL functions that every handler calls: a test compares.
HANDLING_CALLS: Final = (
    *("claim_envelope_v1", "claim_envelopes_v1", "claim_replies_v1", "claim_reply_v1", "confirm_reply_v1"),
    *("envelope_health_v1", "expire_envelopes_v1", "fail_envelope_v1", "owe_late_reply_v1"),
    *("read_secret_v1", "record_envelopes_v1", "settle_envelope_v1"),
)
# An envelope that nobody has taken for so long was not forwarded, and the sweep did not ring or we did not come.
OVERDUE_AFTER = 30.0


async def handler_checks(ledger: Database, vault: Vault, *secrets: str, calls: Sequence[str] = ()) -> Checks:
    """As pulser.health.checked: the database, Vault, and the backlog.

    `secrets`: names in Vault that the handler needs. `calls`: the SQL functions that it calls, beside HANDLING_CALLS.
    """

    async def further() -> Checks:
        state = await ledger.call("envelope_health_v1")
        needed = ("pulser_function_key", "slack_bot_token", *secrets)
        return {"vault": await vault_check(vault, needed), "backlog": _backlog(state)}

    return await checked(ledger, (*HANDLING_CALLS, *calls), further)


def _backlog(state: JsonValue) -> dict[str, Any]:
    oldest = state["oldest_pending_s"] or 0.0
    counted = {name: state[name] for name in ("pending", "processing", "failed_last_hour")}
    if oldest < OVERDUE_AFTER:
        return {"ok": True, **counted}
    return {"ok": False, **counted, "message": f"an envelope has been waiting for {oldest:.0f} s and nobody took it"}
