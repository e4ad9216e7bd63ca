"""The story of an envelope: itself, its duplicates, and what it caused, no more."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import TEAM, acknowledged, audit, claim, click, record, sent_alert, settle
from tests.integration.schema.helpers import Session


async def acted(db: Session, event: str, version: int) -> dict[str, Any]:
    """A click that changes the card of the event; the envelope."""
    envelope = click()
    await record(db, envelope)
    token = (await claim(db, envelope))["claim_token"]
    told = audit("alert.acknowledged", payload={"card_id": event})
    await settle(db, token, events=[told], card=acknowledged(event, version))
    return envelope


async def story(db: Session, envelope: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = await db.call("envelope_story_v1", team_id=TEAM, envelope_id=envelope["envelope_id"])
    return told


async def test_it_tells_the_audit_event_and_the_card(db: Session) -> None:
    """What the settle wrote."""
    event = await sent_alert(db)
    told = await story(db, await acted(db, event, 0))
    assert ([it["event_type"] for it in told["events"]], told["card"]["card_id"]) == (["alert.acknowledged"], event)


async def test_later_deliveries_of_the_card_belong_to_later_deeds(db: Session) -> None:
    """Each story has the update that its own click queued."""
    event = await sent_alert(db)
    first = await acted(db, event, 0)
    await db.settle(await db.claim_one(), "sent", card_version=1)
    second = await acted(db, event, 1)
    updates = [[it["delivery_id"] for it in (await story(db, of))["deliveries"] if it["kind"] == "update"]
               for of in (first, second)]  # fmt: skip
    assert [len(it) for it in updates] == [1, 1]
    assert updates[0] != updates[1]


async def test_a_duplicate_has_the_story_of_the_first(db: Session) -> None:
    """One click, however often Slack sent it."""
    event = await sent_alert(db)
    first = await acted(db, event, 0)
    again = first | {"envelope_id": "another"}
    await record(db, again)
    told = await story(db, again)
    assert told["envelope"]["envelope_id"] == first["envelope_id"]
    assert [it["envelope_id"] for it in told["duplicates"]] == ["another"]


async def test_it_holds_no_address_to_answer_by(db: Session) -> None:
    """Whoever has it may write in our name."""
    told = await story(db, await acted(db, await sent_alert(db), 0))
    assert "response_url" not in told["envelope"]["payload"]


async def test_there_is_none_of_an_unknown_envelope(db: Session) -> None:
    """Null, not an error."""
    assert await story(db, {"envelope_id": "never"}) is None
