"""A canary is posted once, whatever Slack says, and what Slack said is told to the ledger."""

from __future__ import annotations

from typing import Any, cast

import pytest

from notify_dispatch import canary
from notify_dispatch.canary import Canary
from pulser.errors import (
    DatabaseUnavailable,
    PulserError,
    SecretMissing,
    SlackHeld,
    SlackInDoubt,
    SlackRefused,
    SlackTokenRefused,
)
from pulser.slack import SlackApi

ID = "0b5d7f7e-9c1d-4b5e-8f6a-0123456789ab"
OK = {"ok": True, "channel": "C1", "ts": "1.000001"}
OLDER = {"channel": "C1", "ts": "0.000001"}


class Ledger:
    """Has one canary, and fails to settle it so many times."""

    def __init__(self, claimed: dict[str, Any] | None, failures: int = 0) -> None:
        self.claimed, self.failures = claimed, failures
        self.settled: list[dict[str, Any]] = []

    async def call(self, function: str, arguments: Any = None) -> Any:  # noqa: ANN401  as Database.call
        """As Database.call."""
        if function == "claim_canary_v1":
            claimed, self.claimed = self.claimed, None
            return claimed
        assert function == "settle_canary_v1"
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("away")
        self.settled.append(arguments["outcome"])
        return True

    async def close(self) -> None:
        """As Database.close."""


class Slack:
    """Says the same to each post; to a delete what `delete` is."""

    def __init__(self, post: dict[str, Any] | PulserError, delete: PulserError | None = None) -> None:
        self.post, self.delete = post, delete
        self.asked: list[str] = []

    async def call(self, method: str, **_arguments: Any) -> dict[str, Any]:  # noqa: ANN401  as SlackApi.call
        """As SlackApi.call."""
        self.asked.append(method)
        said = self.post if method == "chat.postMessage" else self.delete or {"ok": True}
        if isinstance(said, PulserError):
            raise said
        return said


async def send(slack: Slack, ledger: Ledger) -> None:
    await Canary(ledger, cast("SlackApi", slack), "w").wake()


def waiting(previous: dict[str, str] | None = None) -> dict[str, Any]:
    return {"canary_id": ID, "channel": "#c", "asked_at": 1.0, "previous": previous}


async def test_without_one_slack_is_not_asked() -> None:
    """As most rings are."""
    slack = Slack(OK)
    await send(slack, Ledger(None))
    assert slack.asked == []


async def test_what_was_posted_is_told_with_its_place() -> None:
    """And nothing else is called."""
    slack, ledger = Slack(OK), Ledger(waiting())
    await send(slack, ledger)
    assert (slack.asked, ledger.settled) == (["chat.postMessage"], [{"channel": "C1", "ts": "1.000001"}])


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (SlackRefused("not_in_channel", "x"), "not_in_channel"),
        (SlackTokenRefused("invalid_auth", "x"), "invalid_auth"),
        (SlackInDoubt("timeout", "x"), "timeout"),
        (SlackHeld("not_connected", "x"), "not_connected"),
        (SecretMissing("slack_bot_token"), "token_missing"),
        (DatabaseUnavailable("x"), "vault_unavailable"),
        ({"ok": True}, "unreadable_answer"),
        ({"ok": True, "channel": None, "ts": 7}, "unreadable_answer"),
    ],
)
async def test_slack_is_asked_once(said: dict[str, Any] | PulserError, reason: str) -> None:
    """A canary is in no doubt: it comes back or it does not."""
    slack, ledger = Slack(said), Ledger(waiting())
    await send(slack, ledger)
    assert (slack.asked, [it["reason"] for it in ledger.settled]) == (["chat.postMessage"], [reason])


async def test_a_rate_limit_is_told_with_its_time() -> None:
    """It holds all workers."""
    ledger = Ledger(waiting())
    await send(Slack(SlackHeld("ratelimited", "x", retry_after=30.0)), ledger)
    assert ledger.settled[0]["hold_s"] == 30.0


async def test_an_older_message_is_taken_away_after_the_new_one_stands() -> None:
    """So that the channel is never empty."""
    slack = Slack(OK)
    await send(slack, Ledger(waiting(OLDER)))
    assert slack.asked == ["chat.postMessage", "chat.delete"]


async def test_one_that_cannot_be_deleted_stays() -> None:
    """It is no harm, and is not tried again."""
    slack, ledger = Slack(OK, SlackRefused("message_not_found", "x")), Ledger(waiting(OLDER))
    await send(slack, ledger)
    assert (slack.asked, len(ledger.settled)) == (["chat.postMessage", "chat.delete"], 1)


async def test_what_slack_said_outlives_a_short_absence_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told again; the message is not posted again."""
    monkeypatch.setattr(canary, "SETTLE_PAUSE", 0.001)
    slack, ledger = Slack(OK), Ledger(waiting(), failures=3)
    await send(slack, ledger)
    assert (slack.asked, len(ledger.settled)) == (["chat.postMessage"], 1)


async def test_a_long_absence_loses_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing but that: the function goes on."""
    monkeypatch.setattr(canary, "SETTLE_PAUSE", 0.001)
    ledger = Ledger(waiting(), failures=1000)
    await send(Slack(OK), ledger)
    assert ledger.settled == []


async def test_two_rings_at_once_send_one() -> None:
    """The second finds the first at work."""
    sender = Canary(Ledger(waiting()), cast("SlackApi", Slack(OK)), "w")
    assert sender.wake() is sender.wake()
    await sender.wake()
