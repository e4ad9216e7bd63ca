"""A relay that holds both connections gives one to another that has none."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.integration.schema.helpers import Session


async def claim(db: Session, worker: str, **more: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401  # any argument
    """Ask for a session; its id and the answer."""
    session_id = str(uuid4())
    answer: dict[str, Any] = await db.call("claim_relay_session_v1", worker=worker, session_id=session_id, **more)
    return session_id, answer


async def report(db: Session, worker: str, state: str, *session_ids: str) -> dict[str, Any]:
    """All of them are in this state."""
    hello = {"num_connections": 2}
    sessions = [{"session_id": it, "state": state, "alive": True, "hello": hello} for it in session_ids]
    answer: dict[str, Any] = await db.call("report_relay_sessions_v1", worker=worker, sessions=sessions)
    return answer


async def both(db: Session, worker: str = "one") -> tuple[str, str]:
    """This relay holds both connections."""
    first, second = (await claim(db, worker))[0], (await claim(db, worker))[0]
    assert (await report(db, worker, "live", first, second))["share"] is False
    return first, second


async def test_a_second_relay_is_told_that_there_are_enough(db: Session) -> None:
    """And the first one that it should share."""
    held = await both(db)
    assert (await claim(db, "two"))[1]["reason"] == "enough"
    assert (await report(db, "one", "live", *held))["share"] is True


async def test_what_is_given_away_goes_to_the_standby(db: Session) -> None:
    """Not back to who gave it: he is refused while the other asks, and the other is granted."""
    first, second = await both(db)
    await claim(db, "two")
    await report(db, "one", "retiring", first)
    await report(db, "one", "live", second)
    assert (await claim(db, "one"))[1]["reason"] == "enough"
    assert (await claim(db, "two"))[1]["granted"] is True


async def test_a_relay_may_still_replace_its_own(db: Session) -> None:
    """Make before break is not sharing."""
    first, second = await both(db)
    await claim(db, "two")
    await report(db, "one", "live", first, second)
    assert (await claim(db, "one", replaces=first))[1]["granted"] is True


async def test_a_standby_that_has_stopped_asking_is_forgotten(db: Session) -> None:
    """Nobody keeps a place free for it."""
    held = await both(db)
    await claim(db, "two")
    await db.run("update ops.relay_standbys set asked_at = now() - interval '7 seconds'")
    assert (await report(db, "one", "live", *held))["share"] is False


async def test_who_has_one_stands_not_by_for_a_second(db: Session) -> None:
    """Two relays with one each are as it should be."""
    one, two = (await claim(db, "one"))[0], (await claim(db, "two"))[0]
    await report(db, "one", "live", one)
    await report(db, "two", "live", two)
    await claim(db, "two")
    assert await db.value("select count(*) from ops.relay_standbys") == 0


async def test_who_was_granted_stands_by_no_more(db: Session) -> None:
    """Its row goes with the grant."""
    first, second = await both(db)
    await claim(db, "two")
    await report(db, "one", "retiring", first)
    await report(db, "one", "live", second)
    await claim(db, "two")
    assert await db.value("select count(*) from ops.relay_standbys") == 0
