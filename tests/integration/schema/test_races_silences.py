"""Two at once about a silence: it ends once, and what it muted is counted exactly."""

from __future__ import annotations

import asyncio

from tests.integration.schema.acting import act
from tests.integration.schema.helpers import Session, is_waiting, until
from tests.integration.schema.silences import ADA, begin, dispatch, end, let_it_pass, news, write


async def test_an_end_waits_for_the_event_that_is_being_recorded(db: Session, other: Session) -> None:
    """So the number that it tells is the last one."""
    silence = await begin(db)
    [event] = await db.emit()
    claim = await db.claim_events()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await write(db, claim["claim_token"], event, silence)
        ending = tasks.create_task(end(other, silence))
        await until(lambda: is_waiting(db, other))
    assert ending.result()["silence"]["muted"] == 1
    assert (await news(db, "silence.ended"))[0]["silence"]["muted"] == 1


async def test_an_event_that_is_recorded_while_the_silence_ends_is_posted(db: Session, other: Session) -> None:
    """It waits for the end to commit, and finds nothing that lasts."""
    silence = await begin(db)
    [event] = await db.emit()
    claim = await db.claim_events()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await end(db, silence)
        tasks.create_task(write(other, claim["claim_token"], event, silence))
        await until(lambda: is_waiting(db, other))
    assert await dispatch(db, event) == ("routed", None, 1)


async def test_two_cron_jobs_end_a_silence_once(db: Session, other: Session) -> None:
    """The second leaves it to the first, and does not wait."""
    await let_it_pass(db, await begin(db))
    async with db.connection.transaction():
        assert await db.call("end_silences_v1") == 1
        async with asyncio.timeout(5):
            assert await other.call("end_silences_v1") == 0
    assert await other.call("end_silences_v1") == 0
    assert len(await news(db, "silence.ended")) == 1


async def test_a_person_and_the_cron_job_end_it_once(db: Session, other: Session) -> None:
    """Whoever comes second finds that it is over."""
    silence = await begin(db)
    await let_it_pass(db, silence)
    both = await asyncio.gather(end(db, silence), other.call("end_silences_v1"))
    assert (both[0]["ended"], both[1]) in {(True, 0), (False, 1)}
    assert len(await news(db, "silence.ended")) == 1


async def test_two_presses_of_one_button_make_one_silence(db: Session, other: Session) -> None:
    """The second one is decided anew, and says so."""
    ends_at = await db.value("select to_jsonb(clock_timestamp() + interval '1 hour')")
    change = {"action": "start", "silence_id": "11111111-1111-4111-8111-111111111111", "created_by": ADA}
    presses = await asyncio.gather(*(act(each, silence=change | {"ends_at": ends_at}) for each in (db, other)))
    assert sorted(it["settled"] for it in presses) == [False, True]
    assert len(await news(db, "silence.started")) == 1
