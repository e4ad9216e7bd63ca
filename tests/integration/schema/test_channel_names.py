"""One channel that two routes name differently, "#name" and its ID: it gets an event once."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import SENT, Session

ID = SENT["slack_channel_id"]
BOTH_WAYS = pytest.mark.parametrize("channels", [("#a", ID), (ID, "#a")])


@pytest.fixture
async def known(db: Session) -> Session:
    """A database that has seen a post to #a, and so knows its ID."""
    await db.bring("sent", "#a")
    return db


async def routed(db: Session, *channels: str) -> list[str]:
    """Where an event goes that routes want in these channels."""
    [event] = await db.emit()
    await db.record((await db.claim_events())["claim_token"], [(event, channels)])
    return await db.column("select channel from ops.deliveries where event_id = $1 order by position", event)


@BOTH_WAYS
async def test_it_gets_an_event_once(known: Session, channels: tuple[str, str]) -> None:
    """By the first route that names it; what else is named is another channel."""
    assert await routed(known, *channels, "#b") == [channels[0], "#b"]


@BOTH_WAYS
async def test_what_tells_of_a_card_is_not_posted_beside_it(known: Session, channels: tuple[str, str]) -> None:
    """The card's message stands there by one name, the event is routed there by the other."""
    card = {"kind": "alert", "service": "api", "environment": None}
    [alert] = await known.emit()
    made = {"event_id": alert, "deliveries": [{"route": "r", "channel": channels[0]}], "card": card}
    await known.call("record_deliveries_v1", claim_token=(await known.claim_events())["claim_token"], routings=[made])
    [news] = await known.emit()
    told = {"event_id": news, "deliveries": [{"route": "r", "channel": channels[1]}], "card_id": alert}
    await known.call("record_deliveries_v1", claim_token=(await known.claim_events())["claim_token"], routings=[told])
    assert await known.column("select channel from ops.deliveries where event_id = $1", news) == []


async def test_an_id_that_leads_nowhere_is_forgotten_by_its_name_too(known: Session) -> None:
    """Else the name, which may lead to a new channel by now, would be taken for the old one for ever."""
    await known.forget_pace()
    await routed(known, ID)
    await known.settle(await known.claim_one(), "dead", reason="is_archived", error="it is archived")
    assert await routed(known, ID, "#a") == [ID, "#a"]
