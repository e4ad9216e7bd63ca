"""Relays and handlers at once: the functions of the envelopes on two connections."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from tests.integration.schema.acting import acknowledged, claim, click, record, sent_alert, settle
from tests.integration.schema.envelopes import audited, claimed, command, due, leases_over, row, wait_over
from tests.integration.schema.helpers import Session, is_waiting, until


async def expire(db: Session, sent: dict[str, Any]) -> int:
    named = [{"team_id": sent["team_id"], "envelope_id": sent["envelope_id"]}]
    expired: int = (await db.call("expire_envelopes_v1", envelopes=named, worker="w"))["expired"]
    return expired


async def test_the_same_envelope_on_two_sockets_is_recorded_once(db: Session, other: Session) -> None:
    """The second waits for the first to commit, and is a duplicate."""
    sent = click()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        assert (await record(db, sent))[0]["state"] == "new"
        late = tasks.create_task(record(other, sent))
        await until(lambda: is_waiting(db, other))
    assert late.result()[0]["state"] == "duplicate"


async def test_the_same_click_under_two_ids_is_recorded_once(db: Session, other: Session) -> None:
    """Both are kept, one is run."""
    first = click()
    twin = click(logical_key=first["logical_key"])
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await record(db, first)
        late = tasks.create_task(record(other, twin))
        await until(lambda: is_waiting(db, other))
    assert late.result()[0]["state"] == "duplicate"
    assert (await row(db, twin))["duplicate_of"] == (await row(db, first))["id"]


async def test_a_record_that_is_rolled_back_makes_the_second_the_first(db: Session, other: Session) -> None:
    """A relay that died before its commit has acknowledged nothing."""
    sent = click()
    transaction = db.connection.transaction()
    await transaction.start()
    await record(db, sent)
    late = asyncio.create_task(record(other, sent))
    await until(lambda: is_waiting(db, other))
    await transaction.rollback()
    assert (await late)[0]["state"] == "new"


async def test_two_relays_with_the_same_envelopes_do_not_block_each_other(db: Session, other: Session) -> None:
    """In whatever order each got them, under one id or two: no deadlock, and each is new once."""
    chance = random.Random(3)  # noqa: S311  # no secret: the same steps each time
    for _ in range(40):
        clicks = [click() for _ in range(8)]
        twins = [click(logical_key=it["logical_key"]) if chance.random() < 0.5 else it for it in clicks]
        mine, theirs = chance.sample(clicks, 8), chance.sample(twins, 8)
        answers = await asyncio.gather(record(db, *mine), record(other, *theirs))
        assert [it["state"] for answer in answers for it in answer].count("new") == 8


async def test_an_envelope_is_claimed_by_one_of_two(db: Session, other: Session) -> None:
    """Both ask at the same moment, again and again."""
    for _ in range(50):
        sent = click()
        await record(db, sent)
        states = [it["state"] for it in await asyncio.gather(claim(db, sent, "a"), claim(other, sent, "b"))]
        assert sorted(states) == ["busy", "claimed"]


async def test_a_forward_and_the_sweep_do_not_both_claim(db: Session, other: Session) -> None:
    """Just when it became due."""
    for _ in range(50):
        sent = click()
        await record(db, sent)
        await wait_over(db)
        told, swept = await asyncio.gather(claim(db, sent, "a"), due(other, worker="b"))
        assert (told["state"] == "claimed") + len(swept) == 1
        await db.run("delete from ops.slack_envelopes")


async def test_two_sweeps_share_what_is_due(db: Session, other: Session) -> None:
    """Neither waits for the other, none gets what the other has, and the rest comes next."""
    await record(db, *(click() for _ in range(20)))
    await wait_over(db)
    async with db.connection.transaction():
        mine = await due(db, most=12)
        async with asyncio.timeout(5):
            theirs = await due(other)
    rest = await due(other)
    ids = [it["envelope"]["envelope_id"] for it in (*mine, *theirs, *rest)]
    assert (len(ids), len(set(ids))) == (20, 20)


async def test_what_is_claimed_while_the_sweep_looks_is_left_alone(db: Session, other: Session) -> None:
    """The claim is not committed yet: the sweep passes over it."""
    sent = click()
    await record(db, sent)
    await wait_over(db)
    async with db.connection.transaction():
        await claim(db, sent)
        async with asyncio.timeout(5):
            assert await due(other) == []


async def test_a_settle_that_waits_for_a_takeover_is_stale(db: Session, other: Session) -> None:
    """Its token was replaced meanwhile: no second effect."""
    sent = click()
    token = (await claimed(db, sent))["claim_token"]
    await leases_over(db)
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        assert (await claim(db, sent, "second"))["state"] == "claimed"
        late = tasks.create_task(settle(other, token))
        await until(lambda: is_waiting(db, other))
    assert late.result() == {"settled": False, "reason": "stale_claim"}
    assert await audited(db) == []


async def test_a_takeover_that_waits_for_a_settle_finds_it_settled(db: Session, other: Session) -> None:
    """The slow handler was quicker after all."""
    sent = command()
    token = (await claimed(db, sent))["claim_token"]
    await leases_over(db)
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await settle(db, token, ack={"text": "well"})
        late = tasks.create_task(claim(other, sent, "second"))
        await until(lambda: is_waiting(db, other))
    assert late.result() == {"state": "settled", "ack": {"text": "well"}}


async def test_a_sweep_does_not_take_what_is_being_settled(db: Session, other: Session) -> None:
    """Its lease ran out while the settle was under way."""
    token = (await claimed(db))["claim_token"]
    await leases_over(db)
    async with db.connection.transaction():
        await settle(db, token)
        async with asyncio.timeout(5):
            assert await due(other) == []
    assert await due(other) == []


async def test_two_settles_of_one_token_have_one_effect(db: Session, other: Session) -> None:
    """A repeated call while the first is still running."""
    alert = await sent_alert(db)
    token = (await claimed(db))["claim_token"]
    before = len(await audited(db))
    answers = await asyncio.gather(*(settle(each, token, card=acknowledged(alert)) for each in (db, other)))
    assert sorted(it["settled"] for it in answers) == [False, True]
    assert len(await audited(db)) == before + 1


async def test_a_settle_and_a_failure_of_one_token_have_one_outcome(db: Session, other: Session) -> None:
    """Whichever came first."""
    for _ in range(20):
        sent = click()
        token = (await claimed(db, sent))["claim_token"]
        settled, failed = await asyncio.gather(
            settle(db, token), other.call("fail_envelope_v1", claim_token=token, error="x")
        )
        assert settled["settled"] != failed["settled"]
        assert (await row(db, sent))["status"] == ("completed" if settled["settled"] else "pending")


async def test_an_envelope_expires_or_is_claimed(db: Session, other: Session) -> None:
    """Never both."""
    for _ in range(30):
        sent = click()
        await record(db, sent)
        expired, told = await asyncio.gather(expire(db, sent), claim(other, sent))
        assert (expired, told["state"]) in ((1, "settled"), (0, "claimed"))


async def test_a_duplicate_during_the_settle_gets_its_ack(db: Session, other: Session) -> None:
    """It waits for the commit and then tells what was stored."""
    sent = command()
    token = (await claimed(db, sent))["claim_token"]
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await settle(db, token, ack={"text": "well"})
        late = tasks.create_task(record(other, sent))
        await until(lambda: is_waiting(db, other))
    assert (late.result()[0]["ack"], late.result()[0]["settled"]) == ({"text": "well"}, True)


async def test_a_reply_is_claimed_by_one_of_two(db: Session, other: Session) -> None:
    """The handler and the sweep at the same moment."""
    for _ in range(20):
        sent = click()
        token = (await claimed(db, sent))["claim_token"]
        await settle(db, token, reply={"via": "response_url", "url": "https://x.example", "body": {"text": "t"}})
        await db.run("update ops.slack_envelopes set reply_due_at = clock_timestamp()")
        told, swept = await asyncio.gather(
            db.call("claim_reply_v1", team_id=sent["team_id"], envelope_id=sent["envelope_id"]),
            other.call("claim_replies_v1", handler="action-handler", max_replies=10),
        )
        assert (told["reply"] is not None) + len(swept["replies"]) == 1
        await db.run("delete from ops.slack_envelopes")


async def test_many_clicks_on_one_card_have_one_effect(db: Session, other: Session) -> None:
    """Thirty people press the same button: one wins, the others are told of the card as it is now."""
    alert = await sent_alert(db)
    tokens = [(await claimed(db, click()))["claim_token"] for _ in range(30)]

    async def press(session: Session, mine: list[str]) -> list[dict[str, Any]]:
        return [await settle(session, token, card=acknowledged(alert)) for token in mine]

    halves = await asyncio.gather(press(db, tokens[::2]), press(other, tokens[1::2]))
    answers = [it for half in halves for it in half]
    assert sum(it["settled"] for it in answers) == 1
    assert {it["card"]["version"] for it in answers} == {1}


async def test_each_click_has_one_effect_whatever_dies(db: Session, other: Session) -> None:
    """Relays repeat, handlers die at any step and others take over: each logical click is settled once.

    What loses seven handlers keeps its eighth: after that the ledger gives it up, as it should (why_spent_v1).
    """
    chance = random.Random(7)  # noqa: S311
    clicks = [click() for _ in range(40)]
    lose = "update ops.slack_envelopes set lease_until = '-infinity' where claim_token is not null and attempts < 8"

    async def relay(session: Session) -> None:
        for sent in chance.sample(clicks, len(clicks)):
            twin = click(logical_key=sent["logical_key"]) if chance.random() < 0.3 else sent
            await record(session, twin)

    async def handler(session: Session, worker: str) -> None:
        for _ in range(120):
            await session.run("update ops.slack_envelopes set next_attempt_at = '-infinity' where status = 'pending'")
            if chance.random() < 0.3:
                await session.run(lose)
            for claim_ in await due(session, most=3, worker=worker):
                if claim_["attempt"] == 8 or chance.random() < 0.6:  # else it dies here
                    await settle(session, claim_["claim_token"])

    await asyncio.gather(relay(db), relay(other))
    await asyncio.gather(handler(db, "a"), handler(other, "b"))
    keys = await db.column("select logical_key from ops.slack_envelopes where duplicate_of is null")
    assert sorted(keys) == sorted(it["logical_key"] for it in clicks)
    assert await db.column("select distinct status from ops.slack_envelopes") == ["completed"]
    settled = [it["payload"]["envelope_id"] for it in await audited(db)]
    assert (len(settled), len(set(settled))) == (40, 40)
