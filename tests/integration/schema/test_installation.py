"""The migrations: on a fresh database, over either table of the platform, twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from pulser_local.errors import LocalError
from pulser_local.migrations import MIGRATIONS, migrate
from pulser_local.standins import install_standins
from tests.integration.schema.ageing import age, kept
from tests.integration.schema.helpers import Session, session, until
from tests.integration.schema.shapes import BY_EVENT, SHAPES, Shape, catalog, definition

FILES = sorted(MIGRATIONS.glob("*.sql"))


@pytest.fixture
async def bare(plain_database_url: str) -> AsyncIterator[Session]:
    """A session in a database as Supabase gives it: extensions and roles, and nothing of ours."""
    await install_standins(plain_database_url)
    async with session(plain_database_url) as opened:
        yield opened


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Shape:
    """Each of the two shapes in turn."""
    return SHAPES[request.param]


@pytest.fixture
async def found(bare: Session, shape: Shape, plain_database_url: str) -> Session:
    """A database that had the platform's table, in this shape and with rows, before pulser came."""
    await bare.run(shape.table)
    await migrate(plain_database_url)
    return bare


async def run_all(db: Session, files: list[Path]) -> None:
    for file in files:
        await db.run(file.read_text())


async def test_a_fresh_database_gets_the_table_by_event(bare: Session, plain_database_url: str) -> None:
    """Where the platform has no table, pulser makes one."""
    assert await migrate(plain_database_url) == [file.name[:14] for file in FILES]
    event = await bare.call("append_event_v1", event_type="ci.failed")
    assert await bare.value("select event_id from ops.platform_events") == event


async def test_what_is_applied_is_not_applied_again(bare: Session, plain_database_url: str) -> None:
    """A second run has nothing to do, and does nothing."""
    await migrate(plain_database_url)
    before = await catalog(bare)
    assert await migrate(plain_database_url) == []
    assert await catalog(bare) == before


async def test_each_migration_bears_to_be_executed_twice(bare: Session) -> None:
    """The second time leaves tables, constraints, indexes, functions, triggers, jobs and grants as they were."""
    await run_all(bare, FILES)
    before = await catalog(bare)
    await run_all(bare, FILES)
    assert await catalog(bare) == before


async def test_a_second_execution_keeps_the_ledger(bare: Session) -> None:
    """Routes, pending events and deliveries under way are left as they are."""
    await run_all(bare, FILES)
    await bare.call("apply_routes_v1", routes=[{"name": "mine", "position": 1, "channel": "#a", "is_default": True}])
    sending = await bare.bring("sending")
    [pending] = await bare.emit()
    await run_all(bare, FILES)
    assert [route["name"] for route in await bare.call("routes_v1")] == ["mine"]
    assert await bare.status(sending) == "sending"
    assert await bare.column("select event_id from ops.event_dispatches where status = 'pending'") == [pending]


async def test_each_function_is_in_its_migration_as_it_stands(bare: Session) -> None:
    """A later file does not redefine what an earlier one made: executing any one file again changes nothing."""
    await run_all(bare, FILES)
    before = await catalog(bare)
    for file in FILES:
        await bare.run(file.read_text())
        assert await catalog(bare) == before, file.name


async def test_the_table_that_was_found_is_not_altered(bare: Session, shape: Shape, plain_database_url: str) -> None:
    """Columns, defaults, constraints, rows and the file on disk are the same."""
    await bare.run(shape.table)
    before = await definition(bare)
    await migrate(plain_database_url)
    assert await definition(bare) == before


async def test_old_events_are_not_announced(found: Session) -> None:
    """What happened before pulser came is history, for the trigger and for the reconciling sweep."""
    assert await found.call("reconcile_events_v1") == 0
    assert (await found.claim_events())["events"] == []


async def test_a_new_event_of_the_platform_is_claimed(found: Session, shape: Shape) -> None:
    """A row that a writer of the platform inserts comes as an event of the contract."""
    event_id = await found.value(shape.writer)
    [event] = (await found.claim_events())["events"]
    assert event.pop("created_at")
    assert event == {
        "event_id": event_id,
        "event_type": "deploy.failed",
        "actor": "ci",
        "target": "web",
        "payload": {"service": "web"},
        "status": "error",
        "error_detail": None,
    }


async def test_what_became_of_an_old_event_is_pruned(found: Session, shape: Shape) -> None:
    """By the key that the table has; the event stays, and is not found anew."""
    event_id = await found.value(shape.writer)
    await found.run("update ops.event_dispatches set status = 'unrouted', routed_at = now() where status = 'pending'")
    await age(found)
    assert event_id in await kept(found)
    assert await found.call("prune_ledger_v1") >= 1
    assert (await kept(found), await found.call("reconcile_events_v1")) == ([], 0)
    left = f"select count(*) from ops.platform_events where {shape.key} = $1"  # noqa: S608  # ours
    assert await found.value(left, event_id) == 1


async def test_an_event_that_pulser_appends_comes_back_as_it_was(found: Session) -> None:
    """append_event_v1 fills the columns that are there; reading maps them back."""
    appended = {
        "event_type": "slack.action",
        "actor": "ada",
        "target": "web",
        "status": "error",
        "error_detail": "late",
    }
    event_id = await found.call("append_event_v1", payload={"service": "web"}, **appended)
    [event] = (await found.claim_events())["events"]
    assert {name: event[name] for name in ("event_id", *appended)} == {"event_id": event_id, **appended}
    assert event["payload"]["service"] == "web"


@pytest.mark.parametrize("payload", [None, [], "text", 7, {"a": {"b": None}}], ids=repr)
async def test_any_payload_can_be_appended(found: Session, payload: object) -> None:
    """Also with an error's detail, which one of the shapes keeps in the payload."""
    await found.call("append_event_v1", event_type="x", payload=payload, status="error", error_detail="late")
    [event] = (await found.claim_events())["events"]
    assert event["error_detail"] == "late"


async def test_only_the_type_of_an_event_is_needed(found: Session) -> None:
    """The other arguments have defaults that each shape takes."""
    await found.emit(1, "task.completed")
    [event] = (await found.claim_events())["events"]
    assert (event["event_type"], event["status"], event["error_detail"]) == ("task.completed", "ok", None)


async def test_the_ledger_works_over_the_table_that_was_found(found: Session) -> None:
    """From the event to the dead delivery that is announced in turn, and its story."""
    delivery = await found.bring("dead")
    [news] = (await found.claim_events())["events"]
    assert news["event_type"] == "delivery.dead"
    story = await found.call("delivery_story_v1", delivery_id=delivery)
    assert (story["event"]["event_type"], story["dispatch"]["status"]) == ("ci.failed", "routed")


async def test_the_trigger_is_there_once(found: Session) -> None:
    """One trigger for the table's one key."""
    assert await found.value("select count(*) from pg_trigger where tgname = 'pulser_record_events'") == 1


async def test_the_table_that_was_found_becomes_append_only(found: Session) -> None:
    """The service role keeps insert and select, and loses the rest."""
    rights = (
        "select string_agg(right_, ',') from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) right_ "
    )
    assert (
        await found.value(rights + "where has_table_privilege('service_role', 'ops.platform_events', right_)")
        == "select,insert"
    )


async def test_an_index_on_the_time_is_made_once(bare: Session, plain_database_url: str) -> None:
    """Where the platform has one, it is used."""
    await bare.run(BY_EVENT.table + "create index theirs on ops.platform_events (created_at desc)")
    await migrate(plain_database_url)
    assert (
        await bare.value(
            "select count(*) from pg_indexes where tablename = 'platform_events' and indexdef like '%(created_at%'"
        )
        == 1
    )


async def test_a_table_of_neither_shape_is_refused(bare: Session, plain_database_url: str) -> None:
    """It says which table, and which two shapes it could have; nothing of ours is left behind."""
    await bare.run("create schema ops; create table ops.platform_events (number bigint, created_at timestamptz)")
    with pytest.raises(LocalError, match=r"does not know this table[\s\S]*two shapes[\s\S]*event_type[\s\S]*action"):
        await migrate(plain_database_url)
    assert await bare.value("select count(*) from pg_class where relnamespace = 'ops'::regnamespace") == 1


async def test_without_the_extensions_the_installation_is_refused(plain_database_url: str) -> None:
    """It names them and says where to switch them on."""
    async with session(plain_database_url) as db:
        await db.run(ROLES)
        with pytest.raises(LocalError, match=r"pulser needs the extensions pg_net, pg_cron and supabase_vault"):
            await migrate(plain_database_url)


async def test_a_writer_that_the_installation_waits_for_is_history(bare: Session, plain_database_url: str) -> None:
    """Its event was inserted before the trigger was there: it is noted as such, and not announced late."""
    await bare.run(BY_EVENT.table)
    await bare.run("delete from ops.platform_events; create index on ops.platform_events (created_at)")
    async with session(plain_database_url) as writer, asyncio.TaskGroup() as tasks, writer.connection.transaction():
        await writer.run(BY_EVENT.writer)
        tasks.create_task(migrate(plain_database_url))
        await until(lambda: _somebody_waits(bare))
    assert await bare.column("select status from ops.event_dispatches") == ["unrouted"]


async def _somebody_waits(watcher: Session) -> bool:
    waiting = "select exists (select from pg_locks where not granted and relation = 'ops.platform_events'::regclass)"
    return bool(await watcher.value(waiting))


async def test_a_failed_installation_is_the_databases_error(bare: Session, plain_database_url: str) -> None:
    """A second object of our names that is in the way is told as Postgres tells it."""
    await bare.run("create schema ops; create view ops.deliveries as select 1 as one")
    with pytest.raises(LocalError) as refused:
        await migrate(plain_database_url)
    assert isinstance(refused.value.__cause__, asyncpg.PostgresError)


# Roles belong to the whole server; an earlier test may have made them.
ROLES = """
do $$ begin
    create role anon; create role authenticated; create role service_role;
exception when duplicate_object then null;
end $$
"""
