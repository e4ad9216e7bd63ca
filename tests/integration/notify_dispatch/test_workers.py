"""Several workers, vanishing workers, and a database that goes away."""

from __future__ import annotations

import asyncio
import itertools
import time
import types
from collections.abc import Mapping
from typing import ClassVar

import pytest

from notify_dispatch.deliver import Deliverer
from notify_dispatch.dispatch import Dispatcher, Waker
from notify_dispatch.hook import HookCaller
from pulser.database import Database, DirectDatabase, JsonValue
from pulser.errors import DatabaseUnavailable
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_local.slack.faults import Fault
from tests.integration.notify_dispatch.conftest import Bench


class Outage:
    """A database that is away for some calls of one function; it says when it is asked first."""

    def __init__(self, database: Database, function: str, *, calls: int, after: bool = False) -> None:
        self._database = database
        self._function = function
        self._left = calls
        self._after = after

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """Fails before the call reached the database, or (`after`) when its answer is lost."""
        strikes = function == self._function and self._left > 0
        if strikes:
            self._left -= 1
        if strikes and not self._after:
            raise DatabaseUnavailable("planned outage")
        result = await self._database.call(function, arguments)
        if strikes:
            raise DatabaseUnavailable("planned outage after the call")
        return result

    async def close(self) -> None:
        """As the database's own."""
        await self._database.close()


async def test_several_workers_post_each_event_once(bench: Bench) -> None:
    """Four workers at once: no message twice, none missing."""
    channels = [bench.slack.workspace.create_channel(f"c{number}") for number in range(12)]
    await bench.route(*({"service": channel.name, "channel": f"#{channel.name}"} for channel in channels))
    sent = [await bench.emit(payload={"service": it.name, "branch": branch}) for it in channels for branch in "ab"]
    async with (
        bench.dispatcher() as one,
        bench.dispatcher() as two,
        bench.dispatcher() as three,
        bench.dispatcher() as four,
    ):
        await asyncio.gather(*(worker.drain() for worker in (one, two, three, four)))
    posted = [
        message.metadata["event_payload"]["event_id"]
        for channel in channels
        for message in bench.messages(channel.name)
        if message.metadata
    ]
    assert sorted(posted) == sorted(sent)


async def test_order_in_a_channel_is_the_order_of_events(bench: Bench) -> None:
    """Three events of one channel stand in the order of their inserts."""
    sent = [await bench.emit() for _ in range(3)]
    await bench.drain()
    assert [message.metadata and message.metadata["event_payload"]["event_id"] for message in bench.messages()] == sent


async def test_posts_of_a_channel_are_a_second_apart(bench: Bench) -> None:
    """Never more than one message a second in a channel, by the simulator's own clock."""
    for _ in range(3):
        await bench.emit()
    await bench.drain()
    times = [call.at for call in bench.slack.calls if call.method == "chat.postMessage"]
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 1.0


async def test_message_in_doubt_holds_its_channel(bench: Bench) -> None:
    """What comes after a message in doubt waits, so that the order is kept."""
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    first, second = await bench.emit(), await bench.emit()
    await bench.drain()
    waiting = [delivery["status"] for delivery in await bench.deliveries()]
    await bench.pass_time(20)
    await bench.drain()
    posted = [message.metadata and message.metadata["event_payload"]["event_id"] for message in bench.messages()]
    assert (waiting, posted) == (["in_doubt", "queued"], [first, second])


async def test_message_long_in_doubt_lets_others_pass(bench: Bench) -> None:
    """A minute in doubt is enough: the channel goes on."""
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    bench.slack.faults.add(Fault(kind="slack_error", error="not_in_channel", method="conversations.history"))
    await bench.emit()
    await bench.emit()
    await bench.drain()
    await bench.pass_time(61)
    await bench.drain()
    assert [delivery["status"] for delivery in await bench.deliveries()] == ["in_doubt", "sent"]


async def test_worker_that_vanishes_before_posting_leaves_nothing_behind(bench: Bench) -> None:
    """Claimed, then gone: in doubt, absent, posted by the next."""
    await bench.emit()
    async with bench.dispatcher() as dispatcher:
        await dispatcher._route_events()
        await dispatcher._claim_deliveries()
    await bench.pass_time(21)
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    assert ((await bench.delivery())["status"], len(bench.messages())) == ("sent", 1)


async def test_worker_that_vanishes_after_posting_is_not_repeated(bench: Bench) -> None:
    """Posted, then gone before the settle: the next worker adopts the message."""
    await bench.emit()
    await bench.drain(ledger=Outage(DirectDatabase(bench.url), "settle_delivery_v1", calls=10_000, after=False))
    assert (await bench.delivery())["status"] == "sending"
    await bench.pass_time(21)
    await bench.drain()
    delivery = await bench.delivery()
    assert (delivery["adopted"], len(bench.messages())) == (True, 1)


async def test_router_that_vanishes_leaves_its_events_to_the_next(bench: Bench) -> None:
    """Events claimed by a router that is gone are routed when its lease is over."""
    await bench.emit()
    claim = {"worker": "gone", "max_events": 10, "lease_seconds": 10}
    await bench.ledger.call("claim_events_v1", claim)
    await bench.drain()
    before = await bench.deliveries()
    await bench.pass_time(11)
    await bench.drain()
    assert (before, (await bench.delivery())["status"]) == ([], "sent")


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_settle_survives_a_short_outage(bench: Bench, *, after: bool) -> None:
    """What a worker knows of Slack's answer is told to the ledger when that is back."""
    await bench.emit()
    own = DirectDatabase(bench.url)
    await bench.drain(ledger=Outage(own, "settle_delivery_v1", calls=1, after=after))
    await own.close()
    delivery = await bench.delivery()
    assert (delivery["status"], delivery["adopted"], bench.posts()) == ("sent", False, 1)


@pytest.mark.parametrize(
    "function",
    ["claim_events_v1", "routes_v1", "record_deliveries_v1", "claim_deliveries_v1", "events_wait_v1", "rest_v1"],
)
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_outage_at_any_call_loses_nothing(bench: Bench, function: str, *, after: bool) -> None:
    """The database goes away at one call: the run ends, the next one finishes the work."""
    await bench.emit()
    own = DirectDatabase(bench.url)
    async with bench.dispatcher(ledger=Outage(own, function, calls=1, after=after)) as dispatcher:
        dispatcher.linger = 0.2  # so that it looks between two turns
        with pytest.raises(DatabaseUnavailable):
            await dispatcher.drain()
    await own.close()
    for _ in range(3):
        await bench.pass_time(21)
        await bench.drain()
    assert ((await bench.delivery())["status"], len(bench.messages())) == ("sent", 1)


async def test_dispatcher_whose_time_is_up_rings_for_the_next(bench: Bench) -> None:
    """Work that is left when the time is up is handed on through the doorbell."""
    await bench.ledger.call(
        "store_secret_v1", {"name": "pulser_functions_url", "value": "http://127.0.0.1:9/functions/v1"}
    )
    for _ in range(3):
        await bench.emit()
    await bench.sql.execute("delete from net.http_request_queue")
    await bench.drain(drain_seconds=0.5)
    rung = await bench.sql.fetchval("select convert_from(body, 'utf8')::jsonb ->> 'reason' from net.http_request_queue")
    assert rung == "continue"


async def test_an_event_that_comes_while_it_is_awake_is_claimed_at_the_next_look(bench: Bench) -> None:
    """It need not wait for the next turn, nor for a ring: the look that finds it is followed by its claim."""

    class Late(Outage):
        calls: ClassVar[list[str]] = []

        async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
            if function == "events_wait_v1" and function not in self.calls:
                await bench.emit()
            self.calls.append(function)
            return await super().call(function, arguments)

    own = DirectDatabase(bench.url)
    async with bench.dispatcher(ledger=Late(own, "", calls=0)) as dispatcher:
        dispatcher.linger = 1.0
        await dispatcher.drain()
    await own.close()
    looked = Late.calls.index("events_wait_v1")
    assert Late.calls[looked + 1] == "claim_events_v1"
    assert (await bench.delivery())["status"] == "sent"


async def test_ring_during_a_run_is_remembered(bench: Bench) -> None:
    """A ring that comes while a run ends starts another one."""
    async with bench.dispatcher() as dispatcher:
        waker = Waker(dispatcher)
        task = waker.wake()
        await bench.emit()
        assert waker.wake() is task
        await task
    assert len(bench.messages()) == 1


async def test_waker_outlives_a_failed_run(bench: Bench) -> None:
    """A run that the database ends is logged; the next ring works again."""
    own = DirectDatabase(bench.url)
    async with bench.dispatcher(ledger=Outage(own, "claim_events_v1", calls=1)) as dispatcher:
        waker = Waker(dispatcher)
        await waker.wake()
        await bench.emit()
        await waker.wake()
    await own.close()
    assert len(bench.messages()) == 1


async def test_late_worker_sends_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was held up after its claim gives the delivery back instead of posting into a lost lease."""
    monkeypatch.setattr("notify_dispatch.deliver.LATEST_START", -1.0)
    await bench.emit()
    await bench.drain(drain_seconds=0.5)
    assert ((await bench.delivery())["reason"], bench.posts()) == ("started_late", 0)


class SlowVault(Outage):
    """A database whose answers to one function come late; a clock that tests move tells how late."""

    def __init__(self, database: Database, function: str, clock: list[float]) -> None:
        super().__init__(database, function, calls=0)
        self._slow = function
        self._clock = clock

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As the database's own, but for the time that passes."""
        result = await super().call(function, arguments)
        if function == self._slow:
            self._clock[0] += 30.0
        return result


@pytest.mark.parametrize("slow", ["read_secret_v1", "claim_deliveries_v1"])
async def test_worker_that_waited_for_the_database_sends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    """The claim's answer or Vault's came when the lease was over: another worker may have the delivery by now."""
    late = [0.0]
    clock = types.SimpleNamespace(monotonic=lambda: time.monotonic() + late[0])
    monkeypatch.setattr("pulser.slack.time", clock)
    monkeypatch.setattr("notify_dispatch.dispatch.time", clock)
    database = SlowVault(DirectDatabase(bench.url), slow, late)
    vault = Vault(database)
    slack, hooks = SlackApi(vault, bench.slack.api_url), HookCaller(vault, bench.github_api_url)
    await bench.emit()
    deliverer = Deliverer(database, vault, slack, hooks)
    await Dispatcher(database, deliverer, "late", drain_seconds=20.0, linger=0.01).drain()
    await slack.close()
    await hooks.close()
    await database.close()
    assert ((await bench.delivery())["reason"], bench.posts()) == ("started_late", 0)


async def test_run_that_an_outage_ends_lets_inserts_ring(bench: Bench) -> None:
    """A dispatcher that stopped for an error is not relied on: the next event rings at once."""
    address = {"name": "pulser_functions_url", "value": "http://127.0.0.1:9/functions/v1"}
    await bench.ledger.call("store_secret_v1", address)
    own = DirectDatabase(bench.url)
    with pytest.raises(DatabaseUnavailable):
        await bench.drain(ledger=Outage(own, "claim_deliveries_v1", calls=1))
    await own.close()
    await bench.sql.execute("delete from net.http_request_queue")
    await bench.emit()
    assert await bench.sql.fetchval("select count(*) from net.http_request_queue") == 1
