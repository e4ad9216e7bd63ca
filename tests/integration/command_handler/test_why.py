"""`/pulser why` behind Slack's transport, on a real ledger: private, audited, and taken by Slack's own limits."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.command_handler.conftest import Stand, text_of
from tests.integration.schema.helpers import SENT

NOBODY = "00000000-0000-4000-8000-000000000000"


async def sent(stand: Stand, **event: Any) -> str:  # noqa: ANN401  any JSON
    """An event whose message stands in #ops-ci; its id."""
    event_id: str = await stand.call("append_event_v1", **{"event_type": "ci.failed", **event})
    claim = await stand.call("claim_events_v1", worker="t", max_events=10, lease_seconds=30)
    delivery = {"route": "ci", "channel": "#ops-ci", "mention": None, "why": "type ci.failed matches ci.*"}
    routing: Any = [{"event_id": event_id, "deliveries": [delivery]}]
    await stand.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routing)
    work = await stand.call("claim_deliveries_v1", worker="t", max_deliveries=1, lease_seconds=30)
    [claimed] = work["deliveries"]
    token = {key: claimed[key] for key in ("delivery_id", "claim_token")}
    await stand.call("settle_delivery_v1", **token, outcome={"result": "sent", **SENT})
    return event_id


async def test_a_message_has_its_story(stand: Stand) -> None:
    """By its link, as Slack marks it up; only for who asked."""
    await sent(stand)
    link = f"https://acme.slack.com/archives/{SENT['slack_channel_id']}/p{SENT['slack_ts'].replace('.', '')}"
    asked = await stand.type(f"why <{link}|{link}>")
    said = text_of(asked.ack_payload)
    for part in (
        "ci.failed",
        "Route ci took it, to #ops-ci",
        "type ci.failed matches ci.*",
        "It stands in #ops-ci since",
    ):
        assert part in said
    assert (asked.ack_payload or {})["response_type"] == "ephemeral"
    assert len(asked.ephemerals) == 1


async def test_the_question_itself_is_audited_and_has_a_story(stand: Stand) -> None:
    """Who asked about what; asked about in turn, it is told as what was typed."""
    event_id = await sent(stand)
    await stand.type(f"why {event_id}")
    [audit] = await stand.audits()
    assert (audit["word"], audit["outcome"], audit["asked_event_id"]) == ("why", "answered", event_id)
    own = text_of((await stand.type(f"why {audit['envelope_id']}")).ack_payload)
    assert own.startswith("Typed /pulser why")
    assert f"“why {event_id}”" in own


async def test_what_somebody_else_typed_is_not_told(stand: Stand) -> None:
    """A command is private: others hear which one it was."""
    await stand.type("status SENTINEL", user="U0ALICE")
    [audit] = await stand.audits()
    others = await stand.type(f"why {audit['envelope_id']}", user="U0BOB")
    own = await stand.type(f"why {audit['envelope_id']}", user="U0ALICE")
    assert "SENTINEL" not in json.dumps(others.ack_payload)
    assert text_of(others.ack_payload).startswith("Typed /pulser status")
    assert "SENTINEL" in json.dumps(own.ack_payload)


async def test_no_address_to_answer_by_is_told(stand: Stand) -> None:
    """Of no envelope, whoever asks."""
    await stand.type("help")
    [audit] = await stand.audits()
    told = json.dumps((await stand.type(f"why {audit['envelope_id']}")).ack_payload)
    assert "response_url" not in told
    assert stand.slack.api_url.removesuffix("/api/") not in told


async def test_what_the_ledger_does_not_know_is_said(stand: Stand) -> None:
    """With what is accepted."""
    asked = await stand.type(f"why {NOBODY}")
    assert text_of(asked.ack_payload).startswith(
        f"No event, delivery or envelope has the id {NOBODY}; a delivery is kept for 90 days, an envelope 30. "
        "`/pulser why` takes the id of an event"
    )
    assert (await stand.audits())[0]["outcome"] == "refused"


async def test_the_digits_that_a_message_shows_are_enough(stand: Stand) -> None:
    """As its small print has them."""
    event_id = await sent(stand)
    whole = await stand.type(f"why {event_id}")
    short = await stand.type(f"why event {event_id[:8]}")
    assert text_of(short.ack_payload) == text_of(whole.ack_payload)
    unknown = await stand.type("why 00000000")
    assert text_of(unknown.ack_payload).startswith(
        "No event, delivery or envelope has an id that begins with 00000000. `/pulser why` takes"
    )


async def test_several_that_begin_so_are_listed(stand: Stand) -> None:
    """For whoever asks to choose one."""
    ids = [f"171b5242-0000-4000-8000-00000000000{n}" for n in (1, 2)]
    for it in ids:
        await stand.sql.execute("insert into ops.platform_events (event_id, event_type) values ($1, 'ci.failed')", it)
    said = text_of((await stand.type("why 171b5242")).ack_payload)
    assert said == f"Several ids begin with 171b5242: event {ids[0]}, event {ids[1]}."


async def test_help_names_it(stand: Stand) -> None:
    """People find it where they look."""
    assert "`/pulser why link or id`" in text_of((await stand.type("help")).ack_payload)


async def test_a_hostile_event_has_a_story_that_slack_takes(stand: Stand) -> None:
    """Words of an event mention nobody and fake no link; other scripts come through."""
    evil = "<!channel> <https://evil.example|ok> " + "監視の警告 " * 200
    event_id = await sent(stand, event_type="x." + evil, payload={"title": evil, "service": evil})
    asked = await stand.type(f"why {event_id}")
    assert (asked.outcome, len(asked.ephemerals)) == ("acked", 1)
    blocks = (asked.ack_payload or {})["blocks"]
    mrkdwn = json.dumps([it for it in blocks if it["type"] != "header"], ensure_ascii=False)
    assert "<!channel>" not in mrkdwn
    assert "監視" in mrkdwn
