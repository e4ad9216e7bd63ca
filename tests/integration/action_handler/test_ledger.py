"""The envelope's way through the real ledger: duplicates, crashes at each step, and forged requests."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from pulser.button_value import ButtonValue, sign
from tests.integration.action_handler.stage import KEY, Stage, acknowledgement


def signed(stage: Stage, payload: dict[str, Any], *, at: float | None = None, secret: str | None = None) -> Any:  # noqa: ANN401
    """Body and headers of Slack's own request."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    moment = int(at or time.time())
    secret = secret or stage.slack.signing_secret
    digest = hmac.new(secret.encode(), b"v0:%d:%b" % (moment, body), hashlib.sha256).hexdigest()
    return {
        "content": body,
        "headers": {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": str(moment),
            "x-slack-signature": f"v0={digest}",
        },
    }


async def test_the_same_click_under_another_envelope_id_is_one_effect(stage: Stage) -> None:
    """Two sockets, two ids, one trigger (invariant 2)."""
    event_id = await stage.emit("ci.failed")
    payload = await acknowledgement(stage, event_id) | {"trigger_id": "the-same"}
    for envelope_id in ("e-1", "e-2", "e-1"):
        await stage.record(payload, envelope_id)
    for envelope_id in ("e-1", "e-2", "e-1"):
        assert (await stage.forward(envelope_id)).json()["state"] == "settled"
    await stage.settled()
    assert [it["type"] for it in await stage.audits()] == ["alert.acknowledged"]
    assert stage.notes("U0BOB") == []


async def test_a_duplicate_of_a_submission_gets_the_same_errors(stage: Stage) -> None:
    """The stored ack, not a second decision."""
    view = {"id": "V1", "callback_id": "pulser_deploy", "state": {"values": {}}}
    payload = {"type": "view_submission", "user": {"id": "U0BOB"}, "view": view, "trigger_id": "the-same"}
    first = await stage.forward(await stage.record(payload, "e-1"))
    second = await stage.forward(await stage.record(payload, "e-2"))
    assert first.json()["ack"]["response_action"] == "errors"
    assert second.json()["ack"] == first.json()["ack"]


async def test_a_lost_forward_is_carried_out_by_the_sweep(stage: Stage) -> None:
    """The relay died after it had recorded the click."""
    event_id = await stage.emit("ci.failed")
    await stage.record(await acknowledgement(stage, event_id))
    await stage.sql.execute("update ops.slack_envelopes set next_attempt_at = now() - interval '1 second'")
    await stage.drain()
    assert (await stage.card(event_id))["phase"] == "acknowledged"


async def test_a_handler_that_died_before_the_settle_leaves_nothing_undone(stage: Stage) -> None:
    """Its lease ends, and another one decides; what the dead one settles later changes nothing."""
    event_id = await stage.emit("ci.failed")
    envelope_id = await stage.record(await acknowledgement(stage, event_id))
    named = {"team_id": stage.slack.team_id, "envelope_id": envelope_id}
    dead = await stage.call("claim_envelope_v1", **named, worker="dead", lease_seconds=20)
    assert (await stage.forward(envelope_id)).status_code == 202
    await stage.sql.execute("update ops.slack_envelopes set lease_until = now() - interval '1 second'")
    await stage.drain()
    late: Any = {"events": [{"key": "main", "event_type": "slack.action"}]}
    settled = await stage.call("settle_envelope_v1", claim_token=dead["claim_token"], outcome=late)
    assert settled == {"settled": False, "reason": "stale_claim"}
    assert [it["type"] for it in await stage.audits()] == ["alert.acknowledged"]


async def test_a_handler_that_died_after_the_settle_leaves_its_note(stage: Stage) -> None:
    """The ledger holds it, and the sweep has it sent, once."""
    event_id = await stage.emit("ci.failed")
    envelope_id = await stage.record(await acknowledgement(stage, event_id))
    named = {"team_id": stage.slack.team_id, "envelope_id": envelope_id}
    claim = await stage.call("claim_envelope_v1", **named, worker="dead", lease_seconds=20)
    reply = {"via": "ephemeral", "channel": stage.channel, "user": "U0BOB", "body": {"text": "a note"}}
    outcome: Any = {"events": [{"key": "main", "event_type": "slack.action"}], "reply": reply}
    await stage.call("settle_envelope_v1", claim_token=claim["claim_token"], outcome=outcome)
    await stage.sql.execute("update ops.slack_envelopes set reply_due_at = now() - interval '1 second'")
    await stage.drain()
    await stage.drain()
    assert stage.notes("U0BOB") == ["a note"]


async def test_an_envelope_that_cannot_be_handled_is_given_up_with_a_note(stage: Stage) -> None:
    """After eight tries: a dead letter, an audit event of severity error, and a word to its user."""
    event_id = await stage.emit("ci.failed")
    await stage.sql.execute("delete from vault.secrets where name = 'pulser_button_key'")
    payload = await _unsigned(stage, event_id)
    await stage.record(payload)
    for _ in range(8):
        await stage.sql.execute(
            "update ops.slack_envelopes set next_attempt_at = now() - interval '1 second' where status = 'pending'"
        )
        await stage.drain()
    await stage.settled()
    (audit,) = await stage.audits()
    assert (audit["outcome"], audit["severity"]) == ("gave_up", "error")
    assert "pulser_button_key is not in Vault" in audit["reason"]
    assert stage.notes("U0BOB") == ["pulser could not do this. It has been recorded, and the team has been told."]


async def test_slacks_retry_of_a_click_is_one_effect(stage: Stage) -> None:
    """Another signature, the same trigger."""
    event_id = await stage.emit("ci.failed")
    payload = await acknowledgement(stage, event_id) | {"trigger_id": "the-same"}
    first = await stage.http.post("/", **signed(stage, payload))
    again = await stage.http.post("/", **signed(stage, payload, at=time.time() - 2))
    await stage.settled()
    assert (first.status_code, again.status_code) == (200, 200)
    assert [it["type"] for it in await stage.audits()] == ["alert.acknowledged"]


async def test_a_replay_is_refused(stage: Stage) -> None:
    """The same signature twice: 401, and one effect."""
    event_id = await stage.emit("ci.failed")
    request = signed(stage, await acknowledgement(stage, event_id) | {"trigger_id": "the-same"})
    first = await stage.http.post("/", **request)
    again = await stage.http.post("/", **request)
    await stage.settled()
    assert (first.status_code, again.status_code) == (200, 401)
    assert [it["type"] for it in await stage.audits()] == ["alert.acknowledged"]


async def test_a_replay_of_slacks_retry_is_refused(stage: Stage) -> None:
    """It was recorded as a duplicate of the first request, under an id of its own."""
    event_id = await stage.emit("ci.failed")
    payload = await acknowledgement(stage, event_id) | {"trigger_id": "the-same"}
    retry = signed(stage, payload, at=time.time() - 2)
    await stage.http.post("/", **signed(stage, payload))
    await stage.http.post("/", **retry)
    assert (await stage.http.post("/", **retry)).status_code == 401


@pytest.mark.parametrize("off", [-301, 360])
async def test_a_stale_request_is_refused_and_not_recorded(stage: Stage, off: int) -> None:
    """Five minutes, both ways; the request takes its time, so one from the future is farther off."""
    request = signed(stage, {"type": "block_actions"}, at=time.time() + off)
    assert (await stage.http.post("/", **request)).status_code == 401
    assert await stage.sql.fetchval("select count(*) from ops.slack_envelopes") == 0


async def test_a_forged_request_is_refused_and_not_recorded(stage: Stage) -> None:
    """Signed with another secret."""
    event_id = await stage.emit("ci.failed")
    request = signed(stage, await acknowledgement(stage, event_id), secret="another")
    assert (await stage.http.post("/", **request)).status_code == 401
    assert await stage.sql.fetchval("select count(*) from ops.slack_envelopes") == 0


async def test_odd_payloads_are_stored_and_taken(stage: Stage) -> None:
    """What jsonb refuses is replaced, so Slack is not made to send it for ever."""
    odd = {"type": "block_actions\0", "team": {"id": "T1"}, "half": "\ud83d", "number": 1e308 * 10}
    assert (await stage.http.post("/", **signed(stage, odd))).status_code == 200
    await stage.settled()
    assert await stage.sql.fetchval("select status from ops.slack_envelopes") == "completed"


async def test_health_tells_what_waits(stage: Stage) -> None:
    """With the ledger's own numbers."""
    told = await stage.http.get("/", params={"action": "health"}, headers={"apikey": KEY})
    assert (told.status_code, told.json()["checks"]["backlog"]["pending"]) == (200, 0)


async def _unsigned(stage: Stage, event_id: str) -> dict[str, Any]:
    value = sign(ButtonValue(event_id, "d"), "any key", "pulser_acknowledge")
    return {
        "type": "block_actions",
        "user": {"id": "U0BOB"},
        "channel": {"id": stage.channel},
        "actions": [{"action_id": "pulser_acknowledge", "value": value}],
    }
