"""Grouped recording: how envelopes wait for the database, and what becomes of them when it has troubles."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from pulser.envelope import Envelope
from pulser.errors import DatabaseUnavailable
from socket_relay.effects import Record
from socket_relay.ledger_clock import LedgerClock
from socket_relay.pace import Pace
from socket_relay.recorder import NotRecorded, Recorded, Recorder
from tests.unit.socket_relay_io.ledger import FakeLedger, click, event

PACE = Pace(record_again=0.001, ack_within=2.5, group=10)


def recorder(ledger: FakeLedger, pace: Pace = PACE) -> Recorder:
    """A recorder on a ledger in memory."""
    return Recorder(ledger, "relay", pace, LedgerClock())


async def write(it: Recorder, envelope: Envelope, age: float = 0.0, size: int = 1) -> Recorded:
    """Record an envelope that came so many seconds ago."""
    return await it.record(Record(envelope, time.monotonic() - age, size), "5e551010-0000-4000-8000-000000000000")


async def test_what_comes_during_a_call_goes_together_into_the_next() -> None:
    """One call is in flight; all that wait meanwhile make one group."""
    ledger = FakeLedger()
    ledger.open.clear()
    it = recorder(ledger)
    first = asyncio.create_task(write(it, event("first")))
    await ledger.called.wait()
    others = [asyncio.create_task(write(it, event(f"e{number}"))) for number in range(7)]
    await asyncio.sleep(0)
    ledger.open.set()
    assert {said.state for said in await asyncio.gather(first, *others)} == {"new"}
    assert [len(group) for group in ledger.groups] == [1, 7]


async def test_a_group_is_bounded() -> None:
    """A call takes so many envelopes at most; order is kept."""
    ledger = FakeLedger()
    it = recorder(ledger)
    await asyncio.gather(*(write(it, event(f"e{number}")) for number in range(25)))
    assert [len(group) for group in ledger.groups] == [10, 10, 5]
    assert [one["envelope_id"] for group in ledger.groups for one in group] == [f"e{number}" for number in range(25)]


async def test_a_group_is_bounded_by_what_it_holds() -> None:
    """A call is not made so large that the database has to think long; one that is larger goes by itself."""
    ledger = FakeLedger()
    it = recorder(ledger, replace(PACE, group_size=100))
    await asyncio.gather(*(write(it, event(f"e{number}"), size=size) for number, size in enumerate((50, 50, 300, 1))))
    assert [[one["envelope_id"] for one in group] for group in ledger.groups] == [["e0", "e1"], ["e2"], ["e3"]]


async def test_memory_is_bounded_by_what_waits() -> None:
    """Few large envelopes fill it as many small ones do; what has been written leaves room again."""
    ledger = FakeLedger()
    ledger.open.clear()
    it = recorder(ledger, replace(PACE, waiting_size=100))
    in_flight = asyncio.create_task(write(it, event("e"), size=100))
    await ledger.called.wait()
    waiting = asyncio.create_task(write(it, event("e1"), size=60))
    await asyncio.sleep(0)
    with pytest.raises(NotRecorded):
        await write(it, event("more"), size=60)
    ledger.open.set()
    await asyncio.gather(in_flight, waiting)
    assert (await write(it, event("more"), size=60)).state == "new"


async def test_memory_is_bounded() -> None:
    """With too many waiting, a further one is turned away at once: Slack must not get its ack."""
    ledger = FakeLedger()
    ledger.open.clear()
    it = recorder(ledger, replace(PACE, waiting=2))
    in_flight = asyncio.create_task(write(it, event("e")))
    await ledger.called.wait()
    waiting = [asyncio.create_task(write(it, event(f"e{number}"))) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(NotRecorded):
        await write(it, event("more"))
    ledger.open.set()
    assert {said.state for said in await asyncio.gather(in_flight, *waiting)} == {"new"}


async def test_a_database_that_comes_back_records_what_waits() -> None:
    """Failed calls are made again while the envelopes are young."""
    ledger = FakeLedger([DatabaseUnavailable("away"), DatabaseUnavailable("away")])
    said = await write(recorder(ledger), event("e"))
    assert (said.state, said.to_be_run, len(ledger.groups)) == ("new", True, 3)


async def test_an_event_that_is_too_old_is_given_up() -> None:
    """Slack sends it again: nobody waits for a database that stays away."""
    ledger = FakeLedger([DatabaseUnavailable("away")] * 5)
    with pytest.raises(NotRecorded):
        await write(recorder(ledger), event("e"), age=2.6)


async def test_a_click_is_recorded_late_all_the_same() -> None:
    """Slack does not send it again: the ledger makes a private note of one that came to nothing."""
    ledger = FakeLedger([DatabaseUnavailable("away")] * 5)
    assert (await write(recorder(ledger), click("c"), age=2.6)).state == "new"


async def test_a_call_whose_answer_was_lost_may_have_written() -> None:
    """Our own first attempt makes a duplicate of the second: it is to be run, or nobody would."""
    ledger = FakeLedger([DatabaseUnavailable("the answer was lost")], written_before_trouble=True)
    said = await write(recorder(ledger), click("c"))
    assert (said.state, said.to_be_run) == ("duplicate", True)


async def test_a_true_duplicate_is_not_run() -> None:
    """What somebody else recorded before is not run again."""
    ledger = FakeLedger()
    it = recorder(ledger)
    await write(it, click("c"))
    assert (await write(it, click("c"))).to_be_run is False


async def test_one_bad_envelope_does_not_take_the_others_with_it() -> None:
    """One that the database refuses is stored without its payload, as refused; the others as they are."""
    ledger = FakeLedger(poison={"e3"})
    it = recorder(ledger)
    said = await asyncio.gather(*(write(it, event(f"e{number}")) for number in range(8)))
    assert [one.state for one in said] == ["new", "new", "new", "refused", "new", "new", "new", "new"]
    assert ledger.known["e3"]["payload"] == {"raw": "the database refused the payload"}


async def test_closing_tells_those_who_wait() -> None:
    """A relay that stops leaves nobody waiting for ever."""
    ledger = FakeLedger()
    ledger.open.clear()
    it = recorder(ledger)
    waiting = asyncio.create_task(write(it, event("e")))
    await ledger.called.wait()
    await it.close()
    with pytest.raises(NotRecorded):
        await waiting


async def test_those_that_can_still_be_acknowledged_go_first() -> None:
    """Where more waits than the database takes, one line would make all of them too late."""
    ledger = FakeLedger()
    ledger.open.clear()
    it = recorder(ledger, replace(PACE, group=2))
    in_flight = asyncio.create_task(write(it, click("first")))
    await ledger.called.wait()
    old = [asyncio.create_task(write(it, click(f"old{number}"), age=3)) for number in range(2)]
    fresh = [asyncio.create_task(write(it, click(f"fresh{number}"))) for number in range(2)]
    await asyncio.sleep(0)
    ledger.open.set()
    await asyncio.gather(in_flight, *old, *fresh)
    written = [one["envelope_id"] for group in ledger.groups for one in group]
    assert written == ["first", "fresh0", "fresh1", "old0", "old1"]


async def test_those_that_are_late_are_written_when_nothing_else_waits() -> None:
    """Their users are told that nothing was done."""
    ledger = FakeLedger()
    it = recorder(ledger)
    await write(it, click("late"), age=3)
    assert [one["envelope_id"] for group in ledger.groups for one in group] == ["late"]
