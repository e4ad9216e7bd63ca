"""The migrations applied by an owner that is no superuser, as on hosted Supabase; also with the real pg_cron."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from pulser_local.migrations import migrate
from pulser_local.postgres import PostgresServer
from pulser_local.standins import install_standins
from tests.fixtures.postgres import server_folder
from tests.integration.schema.helpers import CHANNEL, Session, session

OWNER = f"schema_owner_{os.getpid()}"
PASSWORD = "sentinel-owner"
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
# What hosted Supabase gives its role postgres on the three extensions.
GRANTS = f"""
create role {OWNER} login password '{PASSWORD}';
do $$ begin execute format('grant create on database %I to {OWNER}', current_database()); end $$;
grant usage on schema net, cron, vault to {OWNER};
grant select on cron.job to {OWNER};
grant select, delete on cron.job_run_details to {OWNER};
grant select, delete on vault.secrets, vault.decrypted_secrets to {OWNER};
grant execute on all functions in schema vault to {OWNER};
"""
LOSE = f"""
delete from cron.job;
delete from net.http_request_queue;
delete from vault.secrets;
drop owned by {OWNER} cascade;
drop role {OWNER};
"""  # noqa: S608  # our own name


@dataclass(frozen=True, slots=True)
class Hosted:
    """A database that the owner has migrated; `service` is a session as service_role."""

    owner: Session
    service: Session
    standin_cron: bool


@asynccontextmanager
async def hosted(url: str) -> AsyncIterator[Hosted]:
    """Extensions by the superuser, the migrations by the owner; the role is dropped at the end."""
    installed = await install_standins(url)
    parts = urlsplit(url)
    as_owner = urlunsplit(parts._replace(netloc=f"{OWNER}:{PASSWORD}@{parts.hostname}:{parts.port}"))
    async with session(url) as superuser, session(url) as service:
        await superuser.run(GRANTS)
        try:
            await migrate(as_owner)
            await service.run("set role service_role")
            async with session(as_owner) as owner:
                await owner.equip_doorbell()
                yield Hosted(owner, service, installed.cron)
        finally:
            await service.run("reset role")
            await superuser.run(LOSE)


@pytest.fixture
async def on_embedded(plain_database_url: str) -> AsyncIterator[Hosted]:
    async with hosted(plain_database_url) as database:
        yield database


@pytest.fixture(scope="module")
def server_15() -> Iterator[PostgresServer]:
    """A server of PostgreSQL 15 with Debian's pg_cron, which serves its database postgres."""
    if not (POSTGRES_15 / "initdb").exists():
        pytest.skip("PostgreSQL 15 is not installed")
    with server_folder() as folder:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PULSER_PG_BIN", str(POSTGRES_15))
            server = asyncio.run(PostgresServer.start(folder))
        yield server
        asyncio.run(server.stop())


@pytest.fixture
async def on_15(server_15: PostgresServer) -> AsyncIterator[Hosted]:
    async with hosted(server_15.url) as database:
        yield database


async def whole_way(database: Hosted) -> list[str]:
    """An event of the platform goes to Slack and its message dies; the events that the dispatcher claimed."""
    service = database.service
    await service.run("insert into ops.platform_events (event_type) values ('ci.failed')")
    claim = await service.claim_events()
    await service.record(claim["claim_token"], [(event["event_id"], [CHANNEL]) for event in claim["events"]])
    [claimed] = (await service.claim_work())["deliveries"]
    await service.settle(claimed, "dead")
    more = await service.claim_events()
    return [event["event_type"] for each in (claim, more) for event in each["events"]]


async def test_the_ledger_works_for_the_service_role(on_embedded: Hosted) -> None:
    """From the insert to the news of a dead delivery, by its API functions alone."""
    assert await whole_way(on_embedded) == ["ci.failed", "delivery.dead"]


async def test_the_ledger_works_on_postgres_15(on_15: Hosted) -> None:
    """The same on the oldest version that Supabase hosts; its pg_cron has no seconds, so the sweep runs each minute."""
    assert await whole_way(on_15) == ["ci.failed", "delivery.dead"]
    jobs = await on_15.owner.column("select jobname || ' ' || schedule from cron.job order by jobname")
    assert jobs == [
        "ops_alert_remind * * * * *",
        "ops_canary * * * * *",
        "ops_cron_history_prune 17 3 * * *",
        "ops_deploy_expire * * * * *",
        "ops_dispatch_sweep * * * * *",
        "ops_envelope_prune */10 * * * *",
        "ops_envelope_sweep * * * * *",
        "ops_event_reconcile * * * * *",
        "ops_ledger_prune * 3 * * *",
        "ops_relay_cover * * * * *",
        "ops_relay_prune 23 * * * *",
        "ops_silence_end * * * * *",
    ]


async def test_pg_cron_on_postgres_15_is_the_real_one(on_15: Hosted) -> None:
    """Else the test above would show nothing."""
    assert not on_15.standin_cron
    assert await on_15.owner.value("select extname from pg_extension where extname = 'pg_cron'") == "pg_cron"


async def test_an_insert_of_the_service_role_rings(on_embedded: Hosted) -> None:
    """Through the owner's rights on Vault and pg_net, of which the writer needs none."""
    await on_embedded.service.run("insert into ops.platform_events (event_type) values ('ci.failed')")
    assert await on_embedded.owner.rings() == 1


async def test_an_insert_rings_on_postgres_15(on_15: Hosted) -> None:
    """The same trigger, the same ring."""
    await on_15.service.run("insert into ops.platform_events (event_type) values ('ci.failed')")
    assert await on_15.owner.rings() == 1


@pytest.mark.parametrize(
    "command",
    [
        "sweep_v1",
        "reconcile_events_v1",
        "prune_cron_history_v1",
        "cover_relay_v1",
        "prune_relay_sessions_v1",
        "prune_ledger_v1",
    ],
)
async def test_the_owner_may_run_what_its_jobs_run(on_embedded: Hosted, command: str) -> None:
    """pg_cron runs a job as who scheduled it."""
    assert await on_embedded.owner.run(f"select ops.{command}()") == "SELECT 1"


async def doctors_facts(database: Hosted) -> list[str]:
    """All that `pulser doctor` asks of the database, as the service role; the names of the jobs."""
    for facts in ("doctor_server_v1", "doctor_grants_v1", "doctor_secrets_v1", "doctor_ledger_v1"):
        assert await database.service.call(facts)
    asked = await database.service.call("doctor_ask_functions_v1", functions=["socket-relay"])
    assert await database.service.call("doctor_function_answers_v1", request_ids=list(asked.values())) == []
    return [job["name"] for job in await database.service.call("doctor_jobs_v1")]


async def test_the_doctor_may_ask_all_that_it_asks(on_embedded: Hosted) -> None:
    """Of an owner who is no superuser."""
    assert "ops_dispatch_sweep" in await doctors_facts(on_embedded)


async def test_the_doctor_may_ask_postgres_15_and_the_real_pg_cron(on_15: Hosted) -> None:
    """The same."""
    assert "ops_dispatch_sweep" in await doctors_facts(on_15)


async def test_the_history_of_the_real_pg_cron_can_be_pruned(on_15: Hosted) -> None:
    """The columns and grants of the real extension are as the function expects them."""
    assert await on_15.owner.call("prune_cron_history_v1") == 0


async def test_the_service_role_may_not_store_a_secret(on_embedded: Hosted) -> None:
    """That is the owner's, who did it when this database was made."""
    assert await on_embedded.service.call("read_secret_v1", name="pulser_function_key")
    assert not await on_embedded.owner.value(
        "select has_function_privilege('service_role', 'ops.store_secret_v1(text, text)', 'execute')"
    )
