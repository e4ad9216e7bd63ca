"""A relay that was deployed before its migrations: what it cannot record it does not acknowledge, and loses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from pulser.database import Database, JsonValue
from pulser.errors import DatabaseBehind
from tests.fixtures.postgres import Connection
from tests.integration.socket_relay.conftest import Bench, eventually

RECORD = "ops.record_envelopes_v1(jsonb, text)"
LATER = "record_envelopes_of_a_later_migration"


class Migrating:
    """The relay's database, in which the migration is applied right after the relay has asked so many times in vain."""

    def __init__(self, sql: Connection, *, after: int) -> None:
        self._sql = sql
        self._left = after
        self.real: Database

    def __call__(self, real: Database) -> Database:
        self.real = real
        return self

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        try:
            return await self.real.call(function, arguments)
        except DatabaseBehind:
            self._left -= 1
            if self._left == 0:
                await self._sql.execute(f"alter function ops.{LATER}(jsonb, text) rename to record_envelopes_v1")
            raise

    async def close(self) -> None:
        """As Database.close."""
        await self.real.close()


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_what_waited_for_the_migration_is_recorded_whole(bench: Bench, times: int) -> None:
    """Whenever the migration comes, the envelope is stored as Slack sent it, acknowledged and run once."""
    async with bench.relay(database=Migrating(bench.sql, after=times)):
        await bench.sql.execute(f"alter function {RECORD} rename to {LATER}")
        event = await bench.mention()
        await bench.settled(1)
        assert event.outcome == "acked"
    (stored,) = await bench.envelopes()
    assert json.loads(stored["payload"])["event"]["type"] == "app_mention"
    assert stored["last_error"] is None


async def test_what_is_not_recorded_is_not_acknowledged(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """While the migration does not come, Slack gets no ack, and the log says what helps."""
    bench.slack.sockets.settings.ack_seconds = 1.0
    async with bench.relay():
        await bench.sql.execute(f"alter function {RECORD} rename to {LATER}")
        click = await bench.click()
        assert (click.outcome, bench.acked(click.envelope_id)) == ("timeout", [])
        await eventually(lambda: "apply the migrations first" in capsys.readouterr().out, what="a warning")
    assert await bench.envelopes() == []


async def test_a_lease_that_cannot_be_asked_for_is_told_and_asked_for_again(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """No connection is opened without its lease; the log says what helps, and after the migration two are up."""
    name = "claim_relay_session_v1"
    claims = await bench.sql.fetchval("select oid::regprocedure::text from pg_proc where proname = $1", name)
    await bench.sql.execute(f"alter function {claims} rename to claim_of_a_later_migration")
    async with bench.relay(live=0) as relay:
        await eventually(lambda: f"first: 42883: function ops.{name}" in capsys.readouterr().out, what="a warning")
        assert relay.roster.alive() == []
        await bench.sql.execute(f"alter function ops.claim_of_a_later_migration rename to {name}")
        await eventually(lambda: len(relay.roster.alive()) == 2)
