"""fail_envelope_v1: what a handler could not carry out is tried again, ever later, then given up and said so."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.integration.schema.acting import RESPONSE_URL, claim, click, settle
from tests.integration.schema.envelopes import Kind, audited, claimed, command, leases_over, mention, row, wait_over
from tests.integration.schema.helpers import Session


async def fail(db: Session, token: str, error: str = "the database was away") -> Any:  # noqa: ANN401
    return await db.call("fail_envelope_v1", claim_token=token, error=error)


async def give_up(db: Session, sent: dict[str, Any], error: str = "the database was away") -> Any:  # noqa: ANN401
    """Fail as often as it is tried; the last answer."""
    token = (await claimed(db, sent))["claim_token"]
    await db.run("update ops.slack_envelopes set attempts = 8 where claim_token = $1", token)
    return await fail(db, token, error)


async def test_a_failed_envelope_is_pending_again(db: Session) -> None:
    """With its error, and nobody's."""
    sent = click()
    answer = await fail(db, (await claimed(db, sent))["claim_token"])
    assert (answer["settled"], answer["state"]) == (True, "pending")
    stored = await row(db, sent)
    assert (stored["status"], stored["last_error"], stored["claim_token"]) == (
        "pending",
        "the database was away",
        None,
    )
    assert stored["processed_at"] is None


@pytest.mark.parametrize("attempts", range(1, 8))
async def test_it_waits_ever_longer(db: Session, attempts: int) -> None:
    """Three times as long each time, five minutes at most, spread so that not all come at once."""
    token = (await claimed(db))["claim_token"]
    await db.run("update ops.slack_envelopes set attempts = $1", attempts)
    wait = (await fail(db, token))["retry_in_s"]
    longest = min(300, 3**attempts)
    assert longest / 2 <= wait <= longest


async def test_it_is_claimed_when_the_wait_is_over(db: Session) -> None:
    """As the next attempt."""
    sent = click()
    await fail(db, (await claimed(db, sent))["claim_token"])
    await wait_over(db)
    again = await claim(db, sent)
    assert (again["state"], again["attempt"]) == ("claimed", 2)
    assert (await settle(db, again["claim_token"]))["settled"]


async def test_eight_attempts_are_all(db: Session) -> None:
    """The eighth failure is the last."""
    sent = click()
    token = (await claimed(db, sent))["claim_token"]
    states = []
    for _ in range(8):
        states.append((await fail(db, token))["state"])
        await wait_over(db)
        token = (await claim(db, sent)).get("claim_token", token)
    assert states == ["pending"] * 7 + ["failed"]


async def test_an_old_one_is_given_up_at_once(db: Session) -> None:
    """After 25 minutes Slack would soon not let us answer any more."""
    sent = mention(received_at=time.time() - 26 * 60)
    answer = await fail(db, (await claimed(db, sent))["claim_token"])
    assert answer == {"settled": True, "state": "failed", "retry_in_s": None}


async def test_what_is_given_up_is_failed(db: Session) -> None:
    """With its error; it is never due again."""
    sent = click()
    await give_up(db, sent)
    stored = await row(db, sent)
    assert (stored["status"], stored["last_error"], stored["claim_token"]) == (
        "failed",
        "gave_up: the database was away",
        None,
    )
    assert await claim(db, sent) == {"state": "settled", "ack": None}


@pytest.mark.parametrize(
    ("kind", "event_type", "actor"),
    [
        (click, "slack.action", "action-handler"),
        (command, "slack.command", "command-handler"),
        (mention, "slack.event", "command-handler"),
    ],
)
async def test_what_is_given_up_is_news(db: Session, kind: Kind, event_type: str, actor: str) -> None:
    """An error that people see, with who and which envelope."""
    sent = kind()
    await give_up(db, sent)
    [event] = await audited(db)
    assert (event["event_type"], event["actor"], event["status"]) == (event_type, actor, "error")
    assert event["error_detail"] == "the database was away"
    payload = event["payload"]
    assert (payload["severity"], payload["outcome"], payload["envelope_id"]) == (
        "error",
        "gave_up",
        sent["envelope_id"],
    )
    assert payload["title"].endswith("could not be carried out")


@pytest.mark.parametrize("between", [" ", "\t", "\n", "\u00a0", "\u2003"])
async def test_of_a_command_that_is_given_up_only_the_first_word_is_news(db: Session, between: str) -> None:
    """The event is posted, and what else was typed is private."""
    sent = command()
    sent["payload"]["text"] = f"deploy{between}SENTINEL"
    await give_up(db, sent)
    [event] = await audited(db)
    assert (event["target"], "SENTINEL" in str(event)) == ("/pulser deploy", False)


async def test_who_clicked_is_told_that_it_came_to_nothing(db: Session) -> None:
    """Privately, by the address that then stands only there."""
    sent = click()
    await give_up(db, sent)
    stored = await row(db, sent)
    assert (stored["reply_status"], stored["reply"]["url"]) == ("due", RESPONSE_URL)
    assert "could not" in stored["reply"]["body"]["text"]
    assert "database was away" not in stored["reply"]["body"]["text"]
    assert RESPONSE_URL not in str(stored["payload"])


async def test_who_wrote_to_us_is_told_where_he_wrote(db: Session) -> None:
    """An event has no address: an ephemeral message in its thread."""
    sent = mention()
    await give_up(db, sent)
    reply = (await row(db, sent))["reply"]
    assert {name: reply[name] for name in ("via", "channel", "user", "thread_ts")} == {
        "via": "ephemeral",
        "channel": "C2",
        "user": "U2",
        "thread_ts": "1.0",
    }


async def test_who_cannot_be_reached_is_told_nothing(db: Session) -> None:
    """A modal without a channel: there is no way to him."""
    sent = click(payload={"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "pulser_deploy"}})
    await give_up(db, sent)
    assert (await row(db, sent))["reply_status"] is None


async def test_an_old_token_fails_nothing(db: Session) -> None:
    """Whoever took over goes on."""
    sent = click()
    old = (await claimed(db, sent))["claim_token"]
    await leases_over(db)
    await claim(db, sent, "second")
    assert await fail(db, old) == {"settled": False, "state": None, "retry_in_s": None}
    assert (await row(db, sent))["status"] == "processing"


async def test_a_failure_after_the_settle_changes_nothing(db: Session) -> None:
    """What is done is done."""
    sent = click()
    token = (await claimed(db, sent))["claim_token"]
    await settle(db, token)
    assert not (await fail(db, token))["settled"]
    assert (await row(db, sent))["status"] == "completed"


async def test_a_long_error_is_cut(db: Session) -> None:
    """The ledger is no log."""
    sent = click()
    await fail(db, (await claimed(db, sent))["claim_token"], "e" * 100_000)
    assert len((await row(db, sent))["last_error"]) == 2000
