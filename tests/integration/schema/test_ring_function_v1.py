"""One way to post to a function; what it cannot send undoes no effect."""

from __future__ import annotations

from tests.integration.schema.acting import acknowledged, act, sent_alert
from tests.integration.schema.helpers import FUNCTION_KEY, FUNCTIONS_URL, Session


async def ring(db: Session) -> bool:
    rung: bool = await db.call("ring_function_v1", function="socket-relay", body={"reason": "test"})
    return rung


async def test_it_posts_to_the_function_with_the_key(db: Session) -> None:
    """Address and key are Vault's."""
    await db.equip_doorbell()
    assert await ring(db) is True
    request = await db.row("select url, headers ->> 'apikey' as key from net.http_request_queue")
    assert request == {"url": f"{FUNCTIONS_URL}/socket-relay", "key": FUNCTION_KEY}


async def test_without_an_address_nothing_is_rung(db: Session) -> None:
    """Nobody is there to be rung yet."""
    assert (await ring(db), await db.rings()) == (False, 0)


async def test_a_click_has_its_effect_whatever_the_address_is(db: Session) -> None:
    """The ring at commit is guarded; a wrong address must not undo the settle."""
    event = await sent_alert(db)
    await db.equip_doorbell("nonsense")
    await db.doorbell_is_quiet_for(-1)
    assert (await act(db, card=acknowledged(event)))["settled"] is True


async def test_a_settled_click_rings_for_its_update(db: Session) -> None:
    """Its audit event does, at commit: nobody waits for the sweep."""
    event = await sent_alert(db)
    await db.equip_doorbell()
    await db.doorbell_is_quiet_for(-1)
    await act(db, card=acknowledged(event))
    assert await db.rings() == 1
