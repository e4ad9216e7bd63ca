"""A migration adds _v2s, code moves to them, a later one drops the _v1s: old and new workers at work all the while."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from notify_dispatch.dispatch import Dispatcher
from pulser.database import Database, DirectDatabase, JsonValue
from pulser.errors import DatabaseBehind
from pulser_local.migrations import MIGRATIONS, migrate
from tests.integration.notify_dispatch.conftest import Bench

CHANGED = ("claim_events_v1", "record_deliveries_v1", "claim_deliveries_v1", "settle_delivery_v1")


def second(name: str) -> str:
    """The name of the next version."""
    return name.removesuffix("_v1") + "_v2"


class NewCode:
    """The ledger of code that calls the _v2s."""

    def __init__(self, real: Database) -> None:
        self._real = real

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        return await self._real.call(second(function) if function in CHANGED else function, arguments)

    async def close(self) -> None:
        """As Database.close."""
        await self._real.close()


class OldCode:
    """The ledger of code that calls the _v1s. `behind`: set when one of them was not there."""

    def __init__(self, real: Database, *, drop_before: str = "", drop: Path | None = None) -> None:
        self._real = real
        self._drop_before = drop_before
        self._drop = drop
        self.url = ""
        self.behind = asyncio.Event()

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        if function == self._drop_before and self._drop is not None:
            await migrate(self.url, self._drop)
        try:
            return await self._real.call(function, arguments)
        except DatabaseBehind:
            self.behind.set()
            raise

    async def close(self) -> None:
        """As Database.close."""
        await self._real.close()


@pytest.fixture
def adds(tmp_path: Path) -> Path:
    """Migrations that add the _v2s, with a table that changes under all who have met it."""
    folder = tmp_path / "adds"
    folder.mkdir()
    for at, name in enumerate(CHANGED):
        (file,) = MIGRATIONS.glob(f"*_function_{name}.sql")
        (folder / f"3000010100000{at}_function_{second(name)}.sql").write_text(
            re.sub(rf"\b{name}\b", second(name), file.read_text())
        )
    (folder / "30000101000009_table_deliveries.sql").write_text("alter table ops.deliveries add column note text;")
    return folder


@pytest.fixture
def drops(tmp_path: Path) -> Path:
    """Migrations that drop the _v1s."""
    folder = tmp_path / "drops"
    folder.mkdir()
    for at, name in enumerate(CHANGED):
        (folder / f"3000020100000{at}_function_{name}.sql").write_text(f"drop function ops.{name};")
    return folder


@contextlib.asynccontextmanager
async def working(bench: Bench, ledger: Database) -> AsyncIterator[None]:
    """A worker that is rung again and again, as by the sweep. Its process is killed when the block ends."""

    async def rung(dispatcher: Dispatcher) -> None:
        while True:
            with contextlib.suppress(DatabaseBehind):
                await dispatcher.drain()
            await asyncio.sleep(0)

    async with bench.dispatcher(ledger=ledger) as dispatcher:
        ringing = asyncio.create_task(rung(dispatcher))
        try:
            yield
        finally:
            left = [ringing, *dispatcher._running]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


async def shown(bench: Bench, count: int) -> list[str]:
    """The events whose messages stand in Slack, as soon as they are so many."""

    def events() -> list[str]:
        messages = [message for name in channels(bench) for message in bench.messages(name)]
        return [it.metadata["event_payload"]["event_id"] for it in messages if it.metadata is not None]

    async with bench.slack.workspace.subscribe() as changes, asyncio.timeout(60):
        while len(events()) < count:
            await changes.get()
    return events()


def channels(bench: Bench) -> list[str]:
    """Those of this test: one for each event, so that none waits for the pace of another."""
    return [it.name for it in bench.slack.workspace.channels.values() if it.name.startswith("rolling-")]


async def emitted(bench: Bench, names: list[str]) -> list[str]:
    """An event for each channel."""
    return [await bench.emit(payload={"service": name}) for name in names]


async def test_workers_of_both_versions_lose_and_double_nothing(bench: Bench, adds: Path, drops: Path) -> None:
    """Old worker; _v2 added; new worker beside it; _v1 dropped under both: each event is one message."""
    names = [f"rolling-{number}" for number in range(18)]
    for name in names:
        bench.slack.workspace.create_channel(name)
    await bench.route(*({"service": name, "channel": f"#{name}"} for name in names))
    old = OldCode(DirectDatabase(bench.url))
    async with working(bench, old):
        events = await emitted(bench, names[:6])
        await shown(bench, 1)
        await migrate(bench.url, adds)
        async with working(bench, new := NewCode(DirectDatabase(bench.url))):
            events += await emitted(bench, names[6:12])
            await shown(bench, 7)
            assert not old.behind.is_set()
            await migrate(bench.url, drops)
            events += await emitted(bench, names[12:])
            assert sorted(await shown(bench, 18)) == sorted(events)
            async with asyncio.timeout(30):
                await old.behind.wait()
    await bench.pass_time(60)  # the claims of the processes that have ended run out
    await bench.drain(ledger=new)
    assert bench.posts() == 18
    assert {it["status"] for it in await bench.deliveries()} == {"sent"}
    await old.close()
    await new.close()


async def test_what_an_old_worker_could_not_settle_is_found_in_slack(bench: Bench, adds: Path, drops: Path) -> None:
    """_v1 is dropped between a post and its settle, and the old process ends: the new one finds the message there."""
    await migrate(bench.url, adds)
    await bench.emit()
    old = OldCode(DirectDatabase(bench.url), drop_before="settle_delivery_v1", drop=drops)
    old.url = bench.url
    async with working(bench, old):
        async with asyncio.timeout(30):
            await old.behind.wait()
    assert (await bench.delivery())["status"] == "sending"
    await bench.pass_time(60)
    new = NewCode(DirectDatabase(bench.url))
    await bench.drain(ledger=new)
    assert ((await bench.delivery())["status"], bench.posts()) == ("sent", 1)
    await old.close()
    await new.close()
