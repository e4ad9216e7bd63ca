"""Tokens, scopes, connections and what Slack holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulser_cli.doctor.facts import Connection, Hold, Identity, Relay, Unasked
from pulser_cli.doctor.finding import Finding, not_checked, ok, short, warning, wrong

ENOUGH = 2  # connections
NO_VAULT = "no_vault"  # the reason where Vault could not be asked for the token
_REINSTALL = "add it under OAuth & Permissions (pulser manifest shows all), then reinstall the app"
# What Slack says of a token, and what to do; where nothing is known the reason alone is told.
TOKEN_REMEDIES = {
    "not_connected": "see to the network or SLACK_API_URL from here, then ask again",
    "timeout": "Slack is slow or away: ask again later",
    "connection_lost": "Slack is slow or away: ask again later",
    "unreadable_answer": "something between here and Slack answers for it: see SLACK_API_URL and proxies",
    "account_inactive": "the app is uninstalled, or its workspace gone: install it, store the new token",
    "token_expired": "store a fresh token in Vault",
    "missing_secret": "store slack_bot_token in Vault, or set SLACK_BOT_TOKEN",
}
_NEW_TOKEN = "install the app again and store its new token in Vault"  # noqa: S105  advice


def token_finding(identity: Identity | Unasked) -> Finding:
    """Whether Slack takes the bot token."""
    if isinstance(identity, Unasked):
        code = identity.reason.partition(":")[0]
        if code == NO_VAULT:
            return not_checked(
                "slack", "the token is in Vault, and the database does not give it", "or set SLACK_BOT_TOKEN"
            )
        return wrong(
            "slack", f"the bot token does not work: {short(identity.reason)}", TOKEN_REMEDIES.get(code, _NEW_TOKEN)
        )
    return ok("slack", f"the bot token is {short(identity.user)}'s in {short(identity.team)}")


def scope_findings(granted: frozenset[str] | None, wanted: Mapping[str, str]) -> list[Finding]:
    """Each scope of ssot/integrations/slack/pulser.yaml that the token lacks."""
    if granted is None:
        said = "Slack did not name the token's scopes (X-OAuth-Scopes)"
        return [not_checked("scopes", said, "compare them by hand under OAuth & Permissions")]
    missing = [
        wrong("scopes", f"{scope} is missing: it {short(reason)}", _REINSTALL)
        for scope, reason in wanted.items()
        if scope not in granted
    ]
    extra = len(granted - wanted.keys())
    beyond = f", and {extra} more than it asks for" if extra else ""
    return missing or [ok("scopes", f"the token has the {len(wanted)} scopes of pulser.yaml{beyond}")]


def connection_findings(relay: Relay, connections: Sequence[Connection], app_id: str | None) -> list[Finding]:
    """Socket Mode: enough connections, all of them of the bot's own app, and nobody else's."""
    if relay.transport != "socket":
        return [ok("connections", "Slack reaches pulser by HTTP requests; no connection is wanted")]
    found = []
    if relay.live >= ENOUGH:
        found.append(ok("connections", f"{relay.live} are live"))
    elif relay.live:
        said = "one is live: while it is replaced, clicks are lost"
        found.append(warning("connections", said, "ask again in a minute; pulser relay status tells more"))
    else:
        said = "none is live: buttons and commands fail"
        found.append(
            wrong("connections", said, "see the app token, socket-relay and ops_relay_cover; pulser relay status")
        )
    if relay.ghosts:
        said = f"Slack counts {relay.ghosts} that are not pulser's: they take part of the clicks"
        found.append(warning("connections", said, "stop whoever else uses this app token"))
    foreign = {it.app_id for it in connections if it.app_id and app_id and it.app_id != app_id}
    if foreign:
        other = short(", ".join(sorted(foreign)))
        said = f"slack_app_token is of another app ({other}) than slack_bot_token ({short(app_id)})"
        found.append(wrong("connections", said, "store two tokens of one app"))
    return found


def hold_findings(holds: Sequence[Hold]) -> list[Finding]:
    """What Slack told pulser to leave alone."""
    return [_hold(it) for it in holds] or [ok("holds", "Slack holds nothing up")]


def _hold(hold: Hold) -> Finding:
    what = "Slack" if hold.method == "*" else short(hold.method)
    said = f"{what} is left alone for {hold.seconds:.0f} s: {short(hold.reason)}"
    return warning("holds", said, _HOLD_REMEDIES.get(hold.reason, "wait; pulser goes on by itself"))


_HOLD_REMEDIES = {
    "link_disabled": "switch Socket Mode on in the app's settings, then: pulser relay transport socket",
    "ratelimited": "wait: Slack asked for it, and pulser goes on by itself",
}
