"""Old code with the new schema: each call that the newest release makes is answered as it knows it."""

from __future__ import annotations

import pytest

from pulser.errors import DatabaseBehind, DatabaseRefused
from tests.fixtures.postgres import Call, Connection
from tests.repository.tree import ROOT
from tools.contract import ContractError
from tools.contract.calls import called_by, callers
from tools.contract.released import Contract, broken
from tools.contract.schema import read_functions

CONTRACT = Contract.from_json((ROOT / "supabase" / "contract.json").read_text())


async def test_the_schema_keeps_what_was_released(database_url: str) -> None:
    """supabase/contract.json is of the newest release. Before the first one, `make contract` may write it anew."""
    assert broken(CONTRACT, await read_functions(database_url)) == []


async def test_the_code_calls_what_the_migrations_make(database_url: str) -> None:
    """New code with the new schema: no name is misspelt."""
    called = called_by(callers(ROOT))
    assert len(called) > 50
    assert called - set(await read_functions(database_url)) == set()


async def test_what_is_deployed_may_call_what_it_calls(database_url: str) -> None:
    """Through the Data API it is the service role."""
    functions = await read_functions(database_url)
    deployed = called_by(it for it in callers(ROOT) if it.is_relative_to(ROOT / "functions"))
    assert [it for it in sorted(deployed) if not functions[it].service_role] == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("drop function ops.transport_v1()", "ops.transport_v1 is gone"),
        ("alter function ops.why_v1(jsonb) rename to why_v2", "ops.why_v1 is gone"),
        ("revoke execute on function ops.rest_v1() from service_role", "ops.rest_v1 is closed to the service role"),
        (
            "drop function ops.routes_v1(); create function ops.routes_v1() returns text language sql as 'select null'",
            "ops.routes_v1 gives text, not jsonb",
        ),
        (
            "drop function ops.why_v1; create function ops.why_v1(it jsonb) returns jsonb language sql as 'select it'",
            "ops.why_v1 has no argument asked any more",
        ),
    ],
    ids=["dropped", "renamed", "closed", "other result", "other argument"],
)
async def test_a_migration_that_breaks_a_released_call_is_told(
    database_url: str, connection: Connection, change: str, what: str
) -> None:
    """The test above would fail with these words, which say to add a _v2."""
    await connection.execute(change)
    told = broken(CONTRACT, await read_functions(database_url))
    assert told[0].startswith(what)
    assert "add a _v2 beside it" in told[0]


async def test_an_argument_with_a_default_breaks_nothing(database_url: str, connection: Connection, call: Call) -> None:
    """Old code leaves it out, also on a connection that has called the function before."""
    await call("transport_v1")
    await connection.execute("""
        drop function ops.transport_v1();
        create function ops.transport_v1(of text default 'slack') returns text language sql
            as $$ select 'socket of ' || of $$;
        grant execute on function ops.transport_v1(text) to service_role
    """)
    assert broken(CONTRACT, await read_functions(database_url)) == []
    assert await call("transport_v1") == "socket of slack"


async def test_a_second_function_of_one_name_is_refused(database_url: str, connection: Connection) -> None:
    """PostgREST could not tell which is meant: a changed one is a _v2."""
    await connection.execute("create function ops.why_v1(uuid) returns jsonb language sql as 'select null::jsonb'")
    with pytest.raises(ContractError, match=r"two functions ops\.why_v1"):
        await read_functions(database_url)


async def test_each_released_call_is_understood(call: Call) -> None:
    """Made by the transport itself, with all names of arguments: nulls may be refused, but never as unknown."""
    unknown = []
    for name, function in CONTRACT.functions.items():
        try:
            await call(name, **dict.fromkeys(function.arguments))
        except DatabaseBehind as error:
            unknown.append(str(error))
        except DatabaseRefused:
            pass
    assert unknown == []
