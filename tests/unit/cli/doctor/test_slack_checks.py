from __future__ import annotations

import pytest

from pulser_cli.doctor.facts import Connection, Hold, Identity, Relay, Unasked
from pulser_cli.doctor.slack_checks import connection_findings, hold_findings, scope_findings, token_finding
from tests.unit.cli.doctor.facts import HOSTILE, is_inert, levels

WANTED = {"chat:write": "posts", "commands": "receives /pulser"}
MINE = Connection(app_id="A1", lasts=3600)


def relay(live: int, transport: str = "socket", ghosts: int = 0) -> Relay:
    """How the relays are."""
    return Relay(transport=transport, live=live, ghosts=ghosts)


def identity(**changes: str) -> Identity:
    """A bot that may do all that is wanted."""
    told = {"team": "T", "user": "pulser"} | changes
    return Identity(app_id="A1", scopes=frozenset(WANTED), ahead=0.0, **told)


def test_a_token_that_works() -> None:
    """Is told with whose it is."""
    assert token_finding(identity()).what == "the bot token is pulser's in T"


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("token_revoked: Slack answered token_revoked", "store its new token in Vault"),
        ("not_connected: Slack cannot be reached", "network"),
        ("missing_secret: the secret slack_bot_token is not in Vault", "slack_bot_token"),
        ("", "store its new token in Vault"),
    ],
)
def test_a_token_that_does_not_work(reason: str, remedy: str) -> None:
    """Is wrong, and the remedy is of the reason."""
    found = token_finding(Unasked(reason))
    assert (found.level, remedy in found.remedy) == ("wrong", True)


def test_a_token_that_vault_did_not_give() -> None:
    """Is not known to be wrong."""
    assert token_finding(Unasked("no_vault: the database does not answer")).level == "warning"


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (frozenset(WANTED), ["ok"]),
        (frozenset({*WANTED, "users:read"}), ["ok"]),
        (frozenset({"commands"}), ["wrong"]),
        (frozenset(), ["wrong", "wrong"]),
        (None, ["warning"]),
    ],
)
def test_scopes(granted: frozenset[str] | None, expected: list[str]) -> None:
    """A finding for each that is missing; more than is asked for is no fault."""
    assert levels(scope_findings(granted, WANTED)) == expected


@pytest.mark.parametrize(
    ("told", "connections", "expected"),
    [
        (relay(2), (MINE, MINE), ["ok"]),
        (relay(1), (MINE,), ["warning"]),
        (relay(0), (), ["wrong"]),
        (relay(0, "http"), (), ["ok"]),
        (relay(2, ghosts=1), (MINE, MINE), ["ok", "warning"]),
        (relay(2), (MINE, Connection(app_id="A2", lasts=1)), ["ok", "wrong"]),
        (relay(2), (Connection(app_id=None, lasts=1),), ["ok"]),
    ],
)
def test_connections(told: Relay, connections: tuple[Connection, ...], expected: list[str]) -> None:
    """Enough, of the bot's own app, and nobody else's."""
    assert levels(connection_findings(told, connections, "A1")) == expected


def test_an_app_that_slack_did_not_name_is_not_compared() -> None:
    """auth.test need not tell it."""
    assert levels(connection_findings(relay(2), (MINE,), None)) == ["ok"]


def test_holds() -> None:
    """A warning each; none is right."""
    held = Hold(method="chat.update", reason="ratelimited", seconds=29.6)
    assert levels(hold_findings([held, held])) == ["warning", "warning"]
    assert hold_findings([held])[0].what == "chat.update is left alone for 30 s: ratelimited"
    assert levels(hold_findings([])) == ["ok"]


def test_hostile_words_are_inert() -> None:
    """Slack's names are people's."""
    held = Hold(method=HOSTILE, reason=HOSTILE, seconds=1)
    found = [
        token_finding(identity(team=HOSTILE, user=HOSTILE)),
        token_finding(Unasked(HOSTILE)),
        *hold_findings([held]),
        *scope_findings(frozenset(), {"chat:write": HOSTILE}),
        *connection_findings(relay(2), (Connection(app_id=HOSTILE, lasts=1),), "A1"),
    ]
    assert all(is_inert(it) for it in found)
