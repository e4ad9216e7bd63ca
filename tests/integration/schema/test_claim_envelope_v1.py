"""claim_envelope_v1 and claim_envelopes_v1: one handler at a time has an envelope, for a bounded time."""

from __future__ import annotations

import time

import pytest

from tests.integration.schema.acting import claim, click, record, settle
from tests.integration.schema.envelopes import claimed, command, due, leases_over, mention, old, row, wait_over
from tests.integration.schema.helpers import Session


async def fail(db: Session, token: str) -> None:
    await db.call("fail_envelope_v1", claim_token=token, error="the database was away")


async def test_a_pending_envelope_can_be_claimed(db: Session) -> None:
    """With a token, under a lease, and as its handler needs it."""
    sent = click(app_id="A1", retry_attempt=1)
    answer = await claimed(db, sent, "handler-1")
    envelope = answer["envelope"]
    assert answer["attempt"] == 1
    assert (envelope["envelope_id"], envelope["team_id"], envelope["type"]) == (
        sent["envelope_id"],
        sent["team_id"],
        "interactive",
    )
    assert (envelope["payload"], envelope["handler"], envelope["transport"]) == (
        sent["payload"],
        "action-handler",
        "socket",
    )
    assert (envelope["attempts"], envelope["retry_attempt"]) == (1, 1)
    stored = await row(db, sent)
    assert (stored["status"], stored["claimed_by"], stored["claim_token"]) == (
        "processing",
        "handler-1",
        answer["claim_token"],
    )


async def test_a_claim_tells_how_old_the_envelope_is(db: Session) -> None:
    """In seconds, by the database's clock: what opens a modal must be young."""
    answer = await claimed(db, mention(received_at=time.time() - 90))
    assert 89 < answer["envelope"]["age_s"] < 120


async def test_a_claimed_envelope_is_busy(db: Session) -> None:
    """For as long as the lease lasts."""
    sent = click()
    await claimed(db, sent)
    assert await claim(db, sent, "second") == {"state": "busy"}


async def test_a_vanished_handler_is_followed_by_another(db: Session) -> None:
    """With a token of its own: the first one's is worth nothing any more (invariant 6)."""
    sent = click()
    first = await claimed(db, sent)
    await leases_over(db)
    second = await claim(db, sent, "second")
    assert (second["state"], second["attempt"]) == ("claimed", 2)
    assert (await settle(db, first["claim_token"]))["reason"] == "stale_claim"
    assert (await settle(db, second["claim_token"]))["settled"]


async def test_a_settled_envelope_gives_its_ack(db: Session) -> None:
    """A relay that asks twice gets the same answer twice."""
    sent = command()
    await settle(db, (await claimed(db, sent))["claim_token"], ack={"text": "well"})
    assert await claim(db, sent) == {"state": "settled", "ack": {"text": "well"}}


async def test_an_envelope_without_an_ack_is_settled_all_the_same(db: Session) -> None:
    """Null: a bare acknowledgement."""
    sent = click()
    await settle(db, (await claimed(db, sent))["claim_token"])
    assert await claim(db, sent) == {"state": "settled", "ack": None}


async def test_an_envelope_that_was_never_recorded_is_unknown(db: Session) -> None:
    """Nothing is run that is not in the ledger."""
    assert await claim(db, click()) == {"state": "unknown"}


async def test_the_envelope_of_another_team_is_unknown(db: Session) -> None:
    """The id alone says nothing."""
    sent = click()
    await record(db, sent)
    assert await claim(db, sent | {"team_id": "T0OTHER"}) == {"state": "unknown"}


async def test_a_duplicate_leads_to_the_first(db: Session) -> None:
    """Its forward may come first: what is claimed is the one that runs."""
    first = click()
    twin = click(logical_key=first["logical_key"])
    await record(db, first, twin)
    answer = await claim(db, twin)
    assert (answer["state"], answer["envelope"]["envelope_id"]) == ("claimed", first["envelope_id"])
    assert (await claim(db, first))["state"] == "busy"


async def test_one_that_waits_for_its_next_try_is_busy(db: Session) -> None:
    """A late forward does not shorten the wait."""
    sent = click()
    await fail(db, (await claimed(db, sent))["claim_token"])
    assert await claim(db, sent) == {"state": "busy"}
    await wait_over(db)
    assert (await claim(db, sent))["attempt"] == 2


async def test_what_was_just_recorded_is_left_to_its_forward(db: Session) -> None:
    """The sweep takes it when nobody has come for ten seconds."""
    sent = click()
    await record(db, sent)
    assert await due(db) == []
    wait = await db.value(
        "select extract(epoch from next_attempt_at - clock_timestamp())::float8 from ops.slack_envelopes"
    )
    assert 5 < wait <= 10
    await wait_over(db)
    [taken] = await due(db)
    assert (taken["attempt"], taken["envelope"]["envelope_id"]) == (1, sent["envelope_id"])


async def test_what_a_vanished_handler_left_is_due(db: Session) -> None:
    """Once its lease is over."""
    await claimed(db)
    assert await due(db) == []
    await leases_over(db)
    [taken] = await due(db)
    assert taken["attempt"] == 2


async def test_what_failed_is_due_when_its_wait_is_over(db: Session) -> None:
    """Not before."""
    await fail(db, (await claimed(db))["claim_token"])
    assert await due(db) == []
    await wait_over(db)
    assert len(await due(db)) == 1


async def test_each_handler_gets_its_own(db: Session) -> None:
    """Clicks here, commands and events there."""
    await record(db, click(), command(), mention())
    await wait_over(db)
    assert [it["envelope"]["type"] for it in await due(db, "action-handler")] == ["interactive"]
    assert sorted(it["envelope"]["type"] for it in await due(db, "command-handler")) == ["events_api", "slash_commands"]


async def test_at_most_so_many_are_taken(db: Session) -> None:
    """The oldest first; the rest stays for others."""
    sent = [click() for _ in range(5)]
    await record(db, *sent)
    await wait_over(db)
    taken = [await due(db, most=2) for _ in range(4)]
    assert [len(it) for it in taken] == [2, 2, 1, 0]
    assert sorted(it["envelope"]["envelope_id"] for group in taken for it in group) == sorted(
        it["envelope_id"] for it in sent
    )


@pytest.mark.parametrize("how", ["settled", "refused", "expired", "duplicate"])
async def test_what_is_over_is_never_due(db: Session, how: str) -> None:
    """However long ago it was recorded."""
    first = click()
    match how:
        case "settled":
            await settle(db, (await claimed(db, first))["claim_token"])
        case "refused":
            await record(db, click(refused="no"))
        case "expired":
            await record(db, old(3))
        case _:
            await settle(db, (await claimed(db, first))["claim_token"])
            await record(db, click(logical_key=first["logical_key"]))
    await db.run("update ops.slack_envelopes set next_attempt_at = now() - interval '1 day'")
    assert await due(db) == []


async def test_each_claim_has_a_token_of_its_own(db: Session) -> None:
    """Also within one call."""
    await record(db, *(click() for _ in range(10)))
    await wait_over(db)
    assert len({it["claim_token"] for it in await due(db)}) == 10


async def test_an_envelope_whose_handlers_always_die_is_given_up(db: Session) -> None:
    """One that kills its handler must not be run for ever: after eight attempts it is dead, and said so."""
    sent = click()
    await record(db, sent)
    for _ in range(12):
        await wait_over(db)
        await leases_over(db)
        await due(db)
    assert (await row(db, sent))["status"] == "failed"
    assert (await row(db, sent))["attempts"] == 8
