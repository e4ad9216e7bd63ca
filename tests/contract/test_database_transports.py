"""The two transports of Database are one: the same calls give the same values, and do the same."""

from __future__ import annotations

import asyncio
import uuid

from pulser.database import Database
from tests.contract.transport import SLEEPERS, Transport
from tests.fixtures.postgres import Connection

VALUES: list[tuple[str, object]] = [
    ("test_text", "text"),
    ("test_text", ""),
    ("test_text", "größer → 🚀 \\ \" ' ; -- \n\t\x01 &amp; %s $1 {}"),
    ("test_text", "null"),
    ("test_text", "[]"),
    ("test_number", 7),
    ("test_number", -2147483648),
    ("test_float", 0.25),
    ("test_float", 1e300),
    ("test_boolean", True),
    ("test_boolean", False),
    ("test_uuid", "6f1c1f0e-8e4c-4a51-9d0e-3c6a36b4d0aa"),
    ("test_echo", {}),
    ("test_echo", []),
    ("test_echo", {"a": [1, 2.5, None, True, {"b": "c"}], "ü": "🚀"}),
    ("test_echo", [{"a": 1}, "b", None]),
    ("test_echo", "text"),
    ("test_echo", "7"),
    ("test_echo", 7),
    ("test_echo", False),
]


async def test_a_value_comes_back_as_it_went(database: Database) -> None:
    """Arguments and results are JSON values of the same type on both ways."""
    given = [(function, await database.call(function, {"value": value})) for function, value in VALUES]
    assert [(function, type(value), value) for function, value in given] == [
        (function, type(value), value) for function, value in VALUES
    ]


async def test_null_comes_back_as_none(database: Database) -> None:
    """None is SQL's null for every type, there and back."""
    functions = ["test_text", "test_echo", "test_uuid", "test_number", "test_boolean"]
    assert [await database.call(function, {"value": None}) for function in functions] == [None] * 5


async def test_a_call_without_arguments_can_give_null(database: Database) -> None:
    """Neither arguments nor a result are needed."""
    assert await database.call("test_nothing") is None


async def test_a_large_value_comes_back(database: Database) -> None:
    """A megabyte of JSON passes both ways."""
    value = [{"at": at, "text": "x" * 90} for at in range(10_000)]
    assert await database.call("test_echo", {"value": value}) == value


async def test_a_time_is_given_as_text(database: Database) -> None:
    """A timestamptz argument is text as ISO 8601 or PostgreSQL writes it."""
    moments = ["2026-03-01T12:00:00+00:00", "2026-03-01 13:00:00+01", "2026-03-01T12:00:00Z"]
    assert [await database.call("test_seconds", {"value": moment}) for moment in moments] == [1772366400.0] * 3


async def test_an_argument_that_is_left_out_has_its_default(database: Database) -> None:
    """Arguments go by name, and those that have a default need not be given."""
    assert await database.call("test_default", {"first": "one"}) == "one / given by the function"


async def test_the_order_of_arguments_does_not_matter(database: Database) -> None:
    """Named arguments may be given in any order."""
    assert await database.call("test_default", {"second": "two", "first": "one"}) == "one / two"


async def test_what_a_call_did_has_been_committed(database: Database, connection: Connection) -> None:
    """When a call has returned, others see what it did."""
    await database.call("test_insert", {"name": "thing"})
    assert await connection.fetchval("select name from ops.test_things") == "thing"


async def test_a_real_function_of_the_ledger_answers(database: Database) -> None:
    """An event that is appended is found by its id, with the payload that was given."""
    payload = {"service": "api", "title": "größer"}
    event_id = await database.call("append_event_v1", {"event_type": "ci.failed", "payload": payload})
    story = await database.call("event_story_v1", {"event_id": event_id})
    assert str(uuid.UUID(event_id)) == event_id
    assert story["event"]["payload"] == payload


async def test_what_python_may_call_gives_what_both_can_give(database: Database, connection: Connection) -> None:
    """No function for service_role returns void, a set or a bare time: there the two transports would differ."""
    assert database
    found = await connection.fetch("""
        select proc.proname || ' returns ' || case when proc.proretset then 'setof ' else '' end
            || proc.prorettype::regtype as text
        from pg_proc proc
        where proc.pronamespace = 'ops'::regnamespace and proc.proname not like 'test\\_%'
            and has_function_privilege('service_role', proc.oid, 'execute')
            and (proc.proretset or proc.prorettype <> all (array['jsonb', 'text', 'uuid', 'boolean', 'integer',
                'bigint', 'double precision']::regtype[]))
    """)
    assert [row["text"] for row in found] == []


async def test_twenty_calls_go_at_once(database: Database) -> None:
    """More calls than connections wait for each other and all get their own answer."""
    values = await asyncio.gather(*(database.call("test_number", {"value": at}) for at in range(20)))
    assert values == list(range(20))


async def test_first_calls_at_once_open_one_pool(database: Database, connection: Connection) -> None:
    """Calls that come together before anything is open share what is opened: never more than a pool holds."""
    await asyncio.gather(*(database.call("test_count") for _ in range(40)))
    assert await connection.fetchval("select count(*) from pg_stat_activity where datname = current_database()") <= 17


async def test_it_can_be_closed_twice(database: Database) -> None:
    """Closing what is closed does nothing."""
    await database.call("test_count")
    await database.close()
    await database.close()
    assert await database.call("test_count") == 0


async def test_it_can_be_closed_before_it_was_used(database: Database) -> None:
    """Closing what was never opened does nothing."""
    await database.close()
    assert await database.call("test_count") == 0


async def test_closing_gives_the_connections_back(transport: Transport, connection: Connection) -> None:
    """After close no connection of the direct transport is left."""
    await transport.database.call("test_count")
    await transport.database.close()
    left = "select count(*) from pg_stat_activity where application_name = 'pulser' and datname = current_database()"
    async with asyncio.timeout(10):
        while await connection.fetchval(left):  # noqa: ASYNC110  the server notices in its own time
            await asyncio.sleep(0.005)


async def test_a_cancelled_call_leaves_the_transport_usable(database: Database, connection: Connection) -> None:
    """Who stops waiting for a call can make the next one."""
    waiting = asyncio.create_task(database.call("test_wait"))
    async with asyncio.timeout(20):
        while not await connection.fetchval(f"select count(*) {SLEEPERS}"):  # noqa: ASYNC110  as above
            await asyncio.sleep(0.005)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert await database.call("test_count") == 0
    await connection.execute(f"select pg_terminate_backend(pid) {SLEEPERS}")
