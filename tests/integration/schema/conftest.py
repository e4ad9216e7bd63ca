"""Sessions for the tests of the schema: `db`, `other` where two work at once, `own` where the schema changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from pulser_local.postgres import PostgresServer
from tests.fixtures.postgres import administer, database_of
from tests.integration.schema.helpers import Session, session

# Back to what the migrations leave. A clone for each test would cost ten times as much.
EMPTY = """
delete from ops.deliveries;
delete from ops.event_dispatches;
delete from ops.silences;
delete from ops.cards;
delete from ops.services;
delete from ops.reminder_times;
insert into ops.reminder_times (severity, after_min, every_min, at_most)
values ('critical', 5, 5, 6), ('error', 15, 15, 6);
delete from ops.service_facts;
delete from ops.slack_paces;
delete from ops.slack_envelopes;
delete from ops.platform_events;
delete from ops.slack_channels;
delete from ops.slack_holds;
delete from ops.relay_sessions;
delete from ops.relay_alarms;
delete from ops.relay_standbys;
delete from ops.canaries;
update ops.canary_control
set channel = null, every_s = 300, changed_at = clock_timestamp(), changed_by = null, deaf_since = null;
update ops.relay_control
set transport = 'socket', changed_at = clock_timestamp(), changed_by = null, dials_paid_until = '-infinity';
delete from net.http_request_queue;
delete from vault.secrets;
delete from cron.job_run_details;
begin;
delete from ops.notification_routes;
insert into ops.notification_routes (name, position, minimum_severity, channel, is_default)
values ('default', 1000000, 'error', '#ops-alerts', true);
commit;
select setval('ops.doorbell', 0);
select setval('ops.relay_doorbell', 0);
"""


@pytest.fixture(scope="session")
def shared_database_url(postgres_server: PostgresServer, template_database: str) -> str:
    """One migrated database for all tests of this process that change rows only."""
    name = f"schema_{os.getpid()}"
    asyncio.run(
        administer(postgres_server.url, f"create database {name} template {template_database} strategy file_copy")
    )
    url = database_of(postgres_server.url, name)
    asyncio.run(administer(url, "update cron.job set database = current_database()"))
    return url


@pytest.fixture
async def db(shared_database_url: str) -> AsyncIterator[Session]:
    """A session in the shared database, which is as the migrations leave it."""
    async with session(shared_database_url) as opened:
        await opened.run(EMPTY)
        yield opened


@pytest.fixture
async def other(db: Session, shared_database_url: str) -> AsyncIterator[Session]:
    """A second session in the same database as `db`."""
    assert db
    async with session(shared_database_url) as opened:
        yield opened


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Session]:
    """A session in a database of this test's own, for tests that change the schema."""
    async with session(database_url) as opened:
        yield opened
