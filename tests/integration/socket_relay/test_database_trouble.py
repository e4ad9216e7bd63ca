"""A database that is slow or away: rows 20 and 38 of `slack-platform.md` section 4, and invariant 1."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from pulser.database import Database
from socket_relay.answers import WAITS
from tests.integration.socket_relay.conftest import PACE, TIMING, Bench, eventually
from tests.integration.socket_relay.troubled_database import TroubledDatabase

RECORD = "record_envelopes_v1"
# The ack is due after 0.6 s instead of 2.5.
SOONER = replace(TIMING, ack=0.6, answer=0.5)
PACE_SOONER = replace(PACE, ack_within=0.6)


class Troubles:
    """Makes the relay's database a troubled one, and keeps it in reach."""

    def __init__(self) -> None:
        self.database: TroubledDatabase

    def __call__(self, real: Database) -> Database:
        self.database = TroubledDatabase(real)
        return self.database


async def test_a_slow_insert_within_the_time_is_acknowledged(bench: Bench) -> None:
    """Row 20: the insert takes long, but less than the ack's time: acknowledged, one effect, no retry."""
    troubles = Troubles()
    async with bench.relay(database=troubles):
        troubles.database.slow[RECORD] = 1.0
        event, click = await asyncio.gather(bench.mention(), bench.click())
        assert (event.outcome, click.outcome) == ("acked", "acked")
        await bench.settled(2)
    assert [it["duplicates"] for it in await bench.envelopes()] == [0, 0]


async def test_a_click_recorded_too_late_is_neither_acknowledged_nor_run(bench: Bench) -> None:
    """Row 20: the insert takes longer than the ack's time: Slack has told its user that it failed, so it did."""
    troubles = Troubles()
    bench.slack.sockets.settings.ack_seconds = 1.0
    async with bench.relay(database=troubles, timing=SOONER, pace=PACE_SOONER):
        troubles.database.slow[RECORD] = 0.9
        click = await bench.click()
        await eventually(lambda: _is_expired(bench))
        assert (click.outcome, bench.acked(click.envelope_id)) == ("timeout", [])
    assert bench.handlers.rings == []


async def test_an_event_recorded_too_late_is_run_once(bench: Bench) -> None:
    """Row 20: an event whose ack is too late is sent again by Slack, is then acknowledged, and has one effect."""
    troubles = Troubles()
    bench.slack.sockets.settings.ack_seconds = 1.0
    bench.slack.sockets.settings.retry_after = (0.0, 0.5, 0.5)
    async with bench.relay(database=troubles, timing=SOONER, pace=PACE_SOONER):
        troubles.database.slow[RECORD] = 0.9
        event = await bench.mention()
        troubles.database.slow.clear()
        assert event.outcome == "timeout"
        await eventually(lambda: len(bench.acked(event.envelope_id)) >= 1)
        await bench.settled(1)
    assert sum(bench.handlers.effects.values()) == 1


async def test_without_a_database_nothing_is_acknowledged(bench: Bench) -> None:
    """Row 38: the database is away: no ack; Slack sends the event again, and the click's user hears of it privately."""
    troubles = Troubles()
    bench.slack.sockets.settings.ack_seconds = 1.0
    bench.slack.sockets.settings.retry_after = (0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    async with bench.relay(database=troubles) as relay:
        connections = set(bench.slack.sockets.live)
        troubles.database.away = True
        event, click = asyncio.create_task(bench.mention()), asyncio.create_task(bench.click())
        assert ((await event).outcome, (await click).outcome) == ("timeout", "timeout")
        assert list(bench.slack.sockets.log.acks) == []
        await asyncio.sleep(2.0)  # the click is older than what may be acknowledged
        troubles.database.away = False
        await eventually(lambda: len(bench.acked(event.result().envelope_id)) >= 1)
        await eventually(lambda: _is_expired(bench))
        await bench.settled(1)
        assert len(relay.roster.alive()) == 2
        assert set(bench.slack.sockets.live) == connections
    (owed,) = [it["reply"] for it in await bench.envelopes() if it["event_type"] == "interactive"]
    assert owed is not None
    assert bench.acked(click.result().envelope_id) == []


async def test_waiting_envelopes_go_in_one_call(bench: Bench) -> None:
    """While one call is in flight all that comes is collected, and the next call takes them together."""
    troubles = Troubles()
    async with bench.relay(database=troubles):
        troubles.database.slow[RECORD] = 0.5
        done = await asyncio.gather(*(bench.mention() for _ in range(20)))
        assert {it.outcome for it in done} == {"acked"}
        groups = [len(given["envelopes"]) for name, given in troubles.database.calls if name == RECORD]
    assert (sum(groups), len(groups) <= 3) == (20, True)


async def test_each_ack_comes_after_its_record(bench: Bench) -> None:
    """Invariant 1: whatever was acknowledged stands in the ledger, recorded before."""
    async with bench.relay():
        await asyncio.gather(*(bench.mention() for _ in range(30)))
        acks = {it.envelope_id: it.at for it in bench.slack.sockets.log.acks}
    recorded = {it["envelope_id"]: it["recorded_at"].timestamp() for it in await bench.envelopes()}
    assert len(acks) == 30
    assert [it for it, at in acks.items() if recorded[str(it)] > at + 0.005] == []


async def test_a_command_whose_handler_is_away_is_answered_all_the_same(bench: Bench) -> None:
    """One function is down: the ack tells the user privately that the command is recorded; it is not lost."""
    await bench.handlers.stop()
    async with bench.relay():
        done = await bench.command()
        assert (done.outcome, done.ack_payload) == ("acked", WAITS)
    (row,) = await bench.envelopes()
    assert row["status"] == "pending"


async def test_an_answer_that_misses_the_ack_is_owed_to_the_user(bench: Bench) -> None:
    """The command's answer comes after the bare ack had to go: the ledger owes its text, and its handler is rung."""
    bench.handlers.delay = 1.5
    async with bench.relay(timing=replace(TIMING, ack=0.6, answer=0.5)):
        done = await bench.command()
        assert done.outcome == "acked"
        await eventually(lambda: len(bench.handlers.rings) == 2)
    reply, status = await bench.reply()
    assert (reply["body"], status) == (bench.handlers.ack, "due")


async def test_a_modal_that_closed_before_its_errors_came_has_its_note_owed(bench: Bench) -> None:
    """It looks taken and is not. Errors are no message: the handler says what is told instead. Once is enough."""
    note = {"via": "ephemeral", "channel": "C0000000001", "user": "U1", "body": {"text": "Nothing was asked for."}}
    bench.handlers.ack = {"response_action": "errors", "errors": {"version": "which?"}}
    bench.handlers.late = note
    bench.handlers.delay = 1.0
    troubles = Troubles()
    async with bench.relay(database=troubles, timing=replace(TIMING, ack=0.6, answer=0.5)):
        troubles.database.lost["owe_late_reply_v1"] = 1  # the ledger did it, and its word was lost
        delivered = await bench.submission()
        assert (delivered.outcome, delivered.payload) == ("acked", None)
        await eventually(lambda: len(bench.handlers.rings) == 2)
    assert await bench.reply() == (note, "due")


async def _is_expired(bench: Bench) -> bool:
    return any(it["status"] == "failed" and "expired" in str(it["last_error"]) for it in await bench.envelopes())
