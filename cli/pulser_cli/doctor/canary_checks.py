"""The canary: does Slack take it, does it come back. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from pulser.canary import SCOPE
from pulser_cli.doctor.facts import Canary
from pulser_cli.doctor.finding import Finding, ok, short, warning, wrong

CHECK: Final = "canary"
_SUBSCRIBE = "give the app the event and the scope of pulser manifest --canary, then reinstall it"
_REMEDIES: Final = {
    "not_in_channel": "invite the bot into its channel",
    "channel_not_found": "a private channel is there for whom it has invited: invite the bot, or name another channel",
    "is_archived": "name another channel in pulser.yaml: pulser canary apply",
    "invalid_auth": "see the finding on the bot token",
    "token_missing": "see the finding on the bot token",
    "nobody_posted": "see the findings on functions and cron",
}


def canary_findings(canary: Canary, scopes: Collection[str] | None) -> list[Finding]:
    """What it says of both ways. `scopes`: the bot token's, None where Slack did not say."""
    if canary.channel is None:
        return [ok(CHECK, "switched off: pulser.yaml names none")]
    place, last, heard = short(canary.channel), canary.last, canary.heard
    found = []
    if scopes is not None and SCOPE not in scopes:
        found.append(wrong(CHECK, f"the token lacks {SCOPE}: Slack tells the app of no canary", _SUBSCRIBE))
    if canary.deaf_since is not None:
        said = f"none comes back since {short(canary.deaf_since)}, though Slack takes them"
        remedy = "pulser relay status; docs/runbook.md, PulserDeaf" if heard else _SUBSCRIBE
        found.append(wrong(CHECK, said, remedy))
    elif last is not None and last.status == "failed":
        reason = short(last.reason or "unknown")
        remedy = _REMEDIES.get(reason, "see what Slack says, and its channel in pulser.yaml")
        found.append(wrong(CHECK, f"it cannot be posted to {place}: {reason}", remedy))
    elif last is not None and last.status == "missed":
        found.append(
            warning(CHECK, "the last one is not back", "ask again when the next has come; pulser canary status")
        )
    if found:
        return found
    if heard is None:
        return [ok(CHECK, f"it goes to {place}; none has come back yet")]
    return [ok(CHECK, f"{heard.whole_s:.1f} s to {place} and back")]
