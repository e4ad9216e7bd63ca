"""What the tests of the schema share: calls, events, deliveries, claims and settles on one connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.fixtures.postgres import Connection

CHANNEL = "#ops-alerts"
DEFAULT_ROUTE = {
    "name": "default",
    "position": 100,
    "minimum_severity": "error",
    "channel": CHANNEL,
    "is_default": True,
}
# As `pulser dev` puts them into Vault; nothing listens there.
FUNCTIONS_URL = "http://127.0.0.1:9/functions/v1"
FUNCTION_KEY = "sentinel-function-key"
SENT = {"slack_channel_id": "C0000000001", "slack_ts": "1700000000.000100"}


@dataclass(frozen=True, slots=True)
class Session:
    """One connection to the test's database: it calls functions of schema ops by name, or runs plain SQL."""

    connection: Connection

    async def call(self, function: str, /, **arguments: Any) -> Any:  # noqa: ANN401  # any JSON value
        """The result of ops.<function>(named arguments)."""
        named = ", ".join(f"{name} => ${at}" for at, name in enumerate(arguments, start=1))
        return await self.connection.fetchval(f"select ops.{function}({named})", *arguments.values())

    async def value(self, query: str, /, *arguments: Any) -> Any:  # noqa: ANN401  # whatever the query gives
        """The first column of the first row."""
        return await self.connection.fetchval(query, *arguments)

    async def column(self, query: str, /, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """The first column of each row."""
        return [row[0] for row in await self.connection.fetch(query, *arguments)]

    async def row(self, query: str, /, *arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """The first row; there must be one."""
        found = await self.connection.fetchrow(query, *arguments)
        assert found is not None
        return dict(found)

    async def run(self, statement: str, /, *arguments: Any) -> str:  # noqa: ANN401
        """Run a statement; its command tag."""
        tag: str = await self.connection.execute(statement, *arguments)
        return tag

    async def emit(self, count: int = 1, event_type: str = "ci.failed") -> list[str]:
        """Append events, each in a transaction of its own; their ids in order."""
        return [await self.call("append_event_v1", event_type=event_type) for _ in range(count)]

    async def claim_events(
        self, worker: str = "router", max_events: int = 100, lease_seconds: int = 30, holding: str | None = None
    ) -> Any:  # noqa: ANN401
        asked = {"worker": worker, "max_events": max_events, "lease_seconds": lease_seconds, "holding": holding}
        return await self.call("claim_events_v1", **asked)

    async def record(self, token: str | None, routings: Iterable[tuple[str, Iterable[str]]]) -> int:
        """Record deliveries of events to channels; how many events were settled."""
        described = [
            {"event_id": event, "deliveries": [{"route": "test", "channel": channel} for channel in channels]}
            for event, channels in routings
        ]
        answer = await self.call("record_deliveries_v1", claim_token=token, routings=described)
        settled: int = answer["settled"]
        return settled

    async def queue(self, count: int = 1, *channels: str) -> list[str]:
        """Make `count` events with a delivery to each channel; the deliveries' ids in order."""
        events = await self.emit(count)
        claim = await self.claim_events(max_events=count)
        assert [event["event_id"] for event in claim["events"]] == events
        await self.record(claim["claim_token"], [(event, channels or (CHANNEL,)) for event in events])
        return await self.column(
            "select delivery_id::text from ops.deliveries where event_id = any ($1) order by position", events
        )

    async def claim_work(self, worker: str = "worker", max_deliveries: int = 16, lease_seconds: int = 20) -> Any:  # noqa: ANN401
        return await self.call(
            "claim_deliveries_v1", worker=worker, max_deliveries=max_deliveries, lease_seconds=lease_seconds
        )

    async def claim(
        self, worker: str = "worker", max_deliveries: int = 16, lease_seconds: int = 20
    ) -> list[dict[str, Any]]:
        """The deliveries that are due, without waiting for the pace of their channels."""
        await self.forget_pace()
        work = await self.claim_work(worker, max_deliveries, lease_seconds)
        deliveries: list[dict[str, Any]] = work["deliveries"]
        return deliveries

    async def claim_one(self, worker: str = "worker") -> dict[str, Any]:
        [claimed] = await self.claim(worker)
        return claimed

    async def settle(self, claimed: dict[str, Any], result: str, **outcome: Any) -> Any:  # noqa: ANN401
        """Settle a claim; `sent` and `adopted` get a message, what needs a reason gets one."""
        filled: dict[str, Any] = {"result": result}
        if result in ("sent", "adopted"):
            filled |= SENT
        elif result != "absent":
            filled |= {"reason": f"reason_of_{result}", "error": f"error of {result}"}
        return await self.call(
            "settle_delivery_v1",
            delivery_id=claimed["delivery_id"],
            claim_token=claimed["claim_token"],
            outcome=filled | outcome,
        )

    async def bring(self, status: str, channel: str = CHANNEL) -> str:
        """A delivery in this status, got there by the functions; its id."""
        [delivery] = await self.queue(1, channel)
        if status != "queued":
            claimed = await self.claim_one()
            if status != "sending":
                await self.settle(claimed, status)
        return delivery

    async def delivery(self, delivery_id: str) -> dict[str, Any]:
        return await self.row("select * from ops.deliveries where delivery_id = $1", delivery_id)

    async def status(self, delivery_id: str) -> Any:  # noqa: ANN401
        return await self.value("select status from ops.deliveries where delivery_id = $1", delivery_id)

    async def forget_pace(self) -> None:
        await self.run("update ops.slack_channels set next_post_at = '-infinity' where next_post_at > '-infinity'")

    async def end_leases(self) -> None:
        """As if the time of all leases had passed."""
        # Not '-infinity': PostgreSQL 15 cannot say how long ago that was.
        for table in ("deliveries", "event_dispatches"):
            await self.run(f"update ops.{table} set lease_until = lease_until - interval '1 hour'")  # noqa: S608  # ours

    async def age_doubts(self, seconds: float) -> None:
        """As if the deliveries in doubt were so much older."""
        await self.run(
            "update ops.deliveries set doubtful_since = doubtful_since - make_interval(secs => $1) "
            "where status = 'in_doubt'",
            seconds,
        )

    async def equip_doorbell(self, url: str = FUNCTIONS_URL) -> None:
        """Put into Vault what the doorbell needs."""
        await self.call("store_secret_v1", name="pulser_functions_url", value=url)
        await self.call("store_secret_v1", name="pulser_function_key", value=FUNCTION_KEY)

    async def rings(self) -> int:
        """How many requests lie in the queue of pg_net."""
        count: int = await self.value("select count(*) from net.http_request_queue")
        return count

    async def doorbell_is_quiet_for(self, milliseconds: int) -> None:
        """Nobody needs to ring for so long; a negative number: since so long everybody should."""
        await self.run(
            "select setval('ops.doorbell', (extract(epoch from clock_timestamp()) * 1000)::bigint + $1)", milliseconds
        )


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Session]:
    """A session of its own, speaking JSON as the Data API does, with ids as text."""
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)
        yield Session(connection)
    finally:
        await connection.close()


async def is_waiting(watcher: Session, waiter: Session) -> bool:
    """Whether the backend of `waiter` waits for a lock."""
    pid = waiter.connection.get_server_pid()
    return bool(await watcher.value("select cardinality(pg_blocking_pids($1)) > 0", pid))


async def until(holds: Callable[[], Awaitable[bool]], limit_s: float = 10) -> None:
    """Ask again and again until the condition holds. Raises TimeoutError."""
    async with asyncio.timeout(limit_s):
        while not await holds():  # noqa: ASYNC110  # another session sets no event of ours
            await asyncio.sleep(0.005)
