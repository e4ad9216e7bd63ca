"""A handler's door: the relay's calls and Slack's signed requests."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from pulser.envelope import Envelope
from pulser.handling import MOST_AT_ONCE
from pulser.settlement import AuditEvent, Settlement
from tests.unit.shared.handling_door import (
    ACK,
    FORM,
    KEY,
    MENTION,
    NOW,
    OLD,
    Door,
    command,
    signed,
)


class TestTheRelaysCalls:
    """POST with the function key."""

    async def test_a_recorded_envelope_is_carried_out(self, door: Door) -> None:
        """The answer brings what belongs into the ack."""
        door.recorded()
        told = await door.ring({"team_id": "T1", "envelope_id": "e-1", "answer_within_s": 2.0})
        late = told.json().pop("late")
        assert (told.status_code, told.json()) == (200, {"ok": True, "state": "settled", "ack": ACK, "late": late})
        assert late["body"] == ACK

    async def test_when_the_time_is_up_it_goes_on(self, door: Door) -> None:
        """202 at once; the decision is made all the same."""
        gate = asyncio.Event()

        async def wait(_envelope: Envelope) -> Settlement:
            await gate.wait()
            return Settlement(events=[AuditEvent("slack.command")])

        door.recorded()
        door.decide = wait
        told = await door.ring({"team_id": "T1", "envelope_id": "e-1", "answer_within_s": 0.05})
        assert (told.status_code, told.json()["state"]) == (202, "working")
        gate.set()
        await door.service.close()
        assert door.ledger.rows["T1", "e-1"].status == "completed"

    @pytest.mark.parametrize("within", [None, 0, -1, "2", True, [], 1e-9])
    async def test_who_does_not_wait_gets_202(self, door: Door, within: object) -> None:
        """A click was acknowledged before it was forwarded."""
        gate = asyncio.Event()

        async def wait(_envelope: Envelope) -> Settlement:
            await gate.wait()
            return Settlement(events=[AuditEvent("slack.command")])

        door.recorded()
        door.decide = wait
        told = await door.ring({"team_id": "T1", "envelope_id": "e-1", "answer_within_s": within})
        assert told.status_code == 202
        gate.set()

    async def test_several_envelopes_are_carried_out(self, door: Door) -> None:
        """One ring for all of a moment; nobody waits for them."""
        for envelope_id in ("e-1", "e-2"):
            door.recorded(envelope_id)
        named = [{"team_id": "T1", "envelope_id": it} for it in ("e-1", "e-0", "e-2")]
        told = await door.ring({"envelopes": named})
        assert (told.status_code, told.json()) == (202, {"ok": True, "state": "working"})
        await door.service.close()
        assert sorted(it.envelope_id for it in door.handled) == ["e-1", "e-2"]

    @pytest.mark.parametrize("odd", [None, {}, {"team_id": "T1"}, {"team_id": 1, "envelope_id": "e-1"}, "e-1"])
    async def test_several_of_which_one_is_not_understood_are_400(self, door: Door, odd: object) -> None:
        """And none is carried out: who rings tells of each by itself."""
        door.recorded()
        told = await door.ring({"envelopes": [{"team_id": "T1", "envelope_id": "e-1"}, odd]})
        assert (told.status_code, door.handled) == (400, [])

    async def test_more_than_a_ring_may_bring_are_400(self, door: Door) -> None:
        """A bound, as everything has one."""
        named = [{"team_id": "T1", "envelope_id": f"e-{number}"} for number in range(MOST_AT_ONCE + 1)]
        assert (await door.ring({"envelopes": named})).status_code == 400

    async def test_an_unknown_envelope_is_404(self, door: Door) -> None:
        """Nothing is done."""
        told = await door.ring({"team_id": "T1", "envelope_id": "e-0", "answer_within_s": 1})
        assert told.status_code == 404

    async def test_a_failed_envelope_has_no_ack(self, door: Door) -> None:
        """It is tried again later, and Slack gets a bare ack."""

        async def fail(_envelope: Envelope) -> Settlement:
            raise RuntimeError

        door.recorded()
        door.decide = fail
        told = await door.ring({"team_id": "T1", "envelope_id": "e-1", "answer_within_s": 1})
        assert told.json() == {"ok": True, "state": "failed", "ack": None}

    async def test_a_ledger_that_is_away_is_503(self, door: Door) -> None:
        """The relay hears of it, without the database's words."""
        door.recorded()
        door.ledger.away("claim_envelope_v1")
        told = await door.ring({"team_id": "T1", "envelope_id": "e-1", "answer_within_s": 1})
        assert (told.status_code, told.json()["message"]) == (503, "the database does not answer")

    async def test_a_drain_is_accepted_and_done(self, door: Door) -> None:
        """The sweep's ring; with ?wait=1 the answer comes when it is done."""
        door.recorded()
        assert (await door.ring({"drain": True})).status_code == 202
        assert (await door.ring({"drain": True}, wait="1")).status_code == 200
        assert door.ledger.rows["T1", "e-1"].status == "completed"

    @pytest.mark.parametrize(
        "body", [None, [], 7, {}, {"team_id": "T1"}, {"team_id": 1, "envelope_id": 2}, {"drain": 1}]
    )
    async def test_what_is_neither_is_400(self, door: Door, body: object) -> None:
        """With what should have been sent."""
        assert (await door.ring(body)).status_code == 400

    async def test_a_bare_ring_drains(self, door: Door) -> None:
        """As with every function: POST with the key rings it."""
        door.recorded()
        assert (await door.http.post("/", headers={"apikey": KEY}, params={"wait": "1"})).status_code == 200
        assert door.ledger.rows["T1", "e-1"].status == "completed"

    @pytest.mark.parametrize("body", [b" ", b"{", b"\xff", b"[" * 50_000])
    async def test_what_is_no_json_is_400(self, door: Door, body: bytes) -> None:
        """Never a 500."""
        assert (await door.http.post("/", content=body, headers={"apikey": KEY})).status_code == 400

    @pytest.mark.parametrize("key", ["", "another"])
    async def test_a_wrong_key_is_401(self, door: Door, key: str) -> None:
        """And nothing is done."""
        door.recorded()
        told = await door.ring({"team_id": "T1", "envelope_id": "e-1"}, key=key)
        assert (told.status_code, door.handled) == (401, [])

    async def test_a_key_that_cannot_be_checked_is_503(self, door: Door) -> None:
        """Without what the database says."""
        door.ledger.away("read_secret_v1", 2)
        told = await door.ring({"drain": True})
        assert (told.status_code, "away" in told.text) == (503, False)


class TestSlacksRequests:
    """POST with Slack's signature: the HTTP transport."""

    async def test_a_command_is_answered_with_its_ack(self, door: Door) -> None:
        """It is recorded before it is handled."""
        told = await door.slack(command())
        assert (told.status_code, told.json()) == (200, ACK)
        assert door.ledger.calls.index("record_envelopes_v1") < door.ledger.calls.index("claim_envelope_v1")

    async def test_the_ledger_is_told_the_same_as_by_the_relay(self, door: Door) -> None:
        """Transport http, the id of the signature, and no verification token."""
        await door.slack(command())
        (row,) = door.ledger.rows.values()
        expected = hashlib.sha256(signed(command())["x-slack-signature"].encode()).hexdigest()
        assert (row.record["transport"], row.record["envelope_id"]) == ("http", f"http-{expected}")
        assert "verification-sentinel" not in json.dumps(row.record)

    async def test_the_previous_secret_is_good_too(self, door: Door) -> None:
        """While it is changed, both are in use."""
        body = command()
        headers = {"content-type": FORM, **signed(body, OLD)}
        assert (await door.http.post("/", content=body, headers=headers)).status_code == 200

    async def test_a_replay_is_401_and_has_no_effect(self, door: Door) -> None:
        """The same signature comes from Slack once."""
        await door.slack(command())
        told = await door.slack(command())
        assert (told.status_code, len(door.handled)) == (401, 1)

    async def test_a_retry_of_slack_gets_the_stored_ack(self, door: Door) -> None:
        """Another signature, the same command: one effect."""
        body = command()
        await door.slack(body)
        again = await door.http.post("/", content=body, headers={"content-type": FORM, **signed(body, at=NOW - 1)})
        assert (again.status_code, again.json(), len(door.handled)) == (200, ACK, 1)

    async def test_a_retried_event_is_one_event(self, door: Door) -> None:
        """With Slack's retry headers; none is dropped for having them."""
        body = json.dumps(MENTION).encode()
        retry = {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}
        first = await door.slack(body, "application/json", **retry)
        again = await door.http.post(
            "/", content=body, headers={"content-type": "application/json", **signed(body, at=NOW - 9), **retry}
        )
        await door.service.close()
        assert (first.status_code, again.status_code, len(door.handled)) == (200, 200, 1)
        recorded = next(iter(door.ledger.rows.values())).record
        assert (recorded["retry_attempt"], recorded["retry_reason"]) == (1, "http_timeout")

    async def test_an_event_is_acknowledged_before_it_is_handled(self, door: Door) -> None:
        """Slack waits for the record, not for the work."""
        gate = asyncio.Event()

        async def wait(_envelope: Envelope) -> Settlement:
            await gate.wait()
            return Settlement(events=[AuditEvent("slack.command")])

        door.decide = wait
        told = await door.slack(json.dumps(MENTION).encode(), "application/json")
        assert (told.status_code, told.content) == (200, b"")
        gate.set()

    async def test_an_interaction_of_another_function_is_recorded_for_it(self, door: Door) -> None:
        """A request URL that points to the wrong function delays, it loses nothing."""
        payload = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "9"}
        told = await door.slack(urlencode({"payload": json.dumps(payload)}).encode())
        (row,) = door.ledger.rows.values()
        assert (told.status_code, row.status, row.record["handler"]) == (200, "pending", "action-handler")
        assert door.handled == []

    async def test_what_is_not_recorded_is_not_acknowledged(self, door: Door) -> None:
        """Slack sends an event again, and tells a person that his command failed."""
        door.ledger.away("record_envelopes_v1", 2)
        told = await door.slack(command())
        assert (told.status_code, door.handled) == (503, [])

    async def test_a_wrong_clock_of_ours_makes_no_click_old(self, door: Door) -> None:
        """Whether it is too late is measured on the database's clock."""
        door.ledger.now = NOW + 3600
        assert (await door.slack(command())).json() == ACK

    async def test_a_command_that_is_recorded_too_late_is_not_run_but_answered(self, door: Door) -> None:
        """Slack has told its user already that it failed; the ledger's note says that nothing was done."""
        note = {"via": "ephemeral", "channel": "C1", "user": "U1", "body": {"text": "too slow"}}
        recorded = {
            "team_id": "T1",
            "envelope_id": "e",
            "state": "expired",
            "ack": None,
            "settled": True,
            "same_id": False,
        }
        confirmed: list[Any] = []
        door.ledger.answers = {
            "record_envelopes_v1": lambda given: {"now": NOW, "recorded": [recorded] * len(given["envelopes"])},
            "claim_reply_v1": lambda _: {"reply": note},
            "confirm_reply_v1": confirmed.append,
        }
        told = await door.slack(command())
        await door.service.close()
        assert (told.status_code, told.content, door.handled) == (200, b"", [])
        assert [it["envelope_id"] for it in confirmed] == ["e"]

    async def test_a_command_whose_record_is_in_doubt_is_expired(self, door: Door) -> None:
        """Slack hears 503 and tells its user; if the ledger has it after all, it must not run a minute later."""
        door.ledger.away("record_envelopes_v1", 2, after=True)
        door.ledger.away("expire_envelopes_v1", 1)
        expired: list[Any] = []

        def expire(given: Any) -> Any:  # noqa: ANN401  JSON
            expired.append(given)
            return {"expired": 0}

        door.ledger.answers["expire_envelopes_v1"] = expire
        told = await door.slack(command())
        await door.service.close()
        assert (told.status_code, door.handled, len(expired)) == (503, [], 1)

    async def test_an_event_whose_record_is_in_doubt_is_not_expired(self, door: Door) -> None:
        """Slack sends it again, and it is the same event."""
        door.ledger.away("record_envelopes_v1", 2, after=True)
        await door.slack(json.dumps(MENTION).encode(), "application/json")
        await door.service.close()
        assert "expire_envelopes_v1" not in door.ledger.calls

    @pytest.mark.parametrize("payload", ["{", "", "[]", "7", "null", '"x"', '{"type": 7}', "[" * 20_000])
    async def test_a_signed_request_that_cannot_be_read_is_stored_and_taken(self, door: Door, payload: str) -> None:
        """Slack must not send the same for ever."""
        told = await door.slack(urlencode({"payload": payload}).encode())
        assert told.status_code == 200
        assert [row.status for row in door.ledger.rows.values()] == ["failed"]

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"&" * 500, b"\0"])
    @pytest.mark.parametrize("kind", [FORM, "application/json", "text/plain", ""])
    async def test_a_signed_request_of_any_body_is_taken(self, door: Door, body: bytes, kind: str) -> None:
        """Whatever it is, it is stored as refused."""
        assert (await door.slack(body, kind)).status_code == 200

    async def test_url_verification_is_answered_when_it_is_signed(self, door: Door) -> None:
        """The text comes back, nothing is recorded."""
        told = await door.slack(b'{"type": "url_verification", "challenge": "abc"}', "application/json")
        assert (told.status_code, told.text, door.ledger.rows) == (200, "abc", {})

    async def test_an_unsigned_url_verification_is_401(self, door: Door) -> None:
        """Anybody can ask for it."""
        body = b'{"type": "url_verification", "challenge": "abc"}'
        assert (await door.http.post("/", content=body)).status_code == 401

    async def test_ssl_check_is_answered_and_does_nothing(self, door: Door) -> None:
        """Slack does not sign it."""
        posted = await door.http.post("/", content=b"ssl_check=1&token=x", headers={"content-type": FORM})
        got = await door.http.get("/", params={"ssl_check": "1"})
        assert (posted.status_code, got.status_code, door.ledger.calls) == (200, 200, [])
