"""A migration is applied while a transport has connections open: what it has prepared there must not be in its way."""

from __future__ import annotations

import pytest

from pulser.database import Database
from pulser.errors import DatabaseBehind
from tests.fixtures.postgres import Connection

MAKE = """
create function ops.test_migrated({arguments}) returns {result} language {language} {definer} as $$ {body} $$;
grant execute on function ops.test_migrated to service_role;
notify pgrst, 'reload schema';
"""
DROP = "drop function ops.test_migrated;"


def function(  # one part each of the statement
    body: str, result: str = "jsonb", arguments: str = "value text", *, language: str = "sql", definer: str = ""
) -> str:
    """The statements that make the function of these tests."""
    return MAKE.format(arguments=arguments, result=result, language=language, definer=definer, body=body)


OLD = function("select to_jsonb('old ' || value)")


async def warm(database: Database) -> None:
    """Call it often enough that every connection has its statement prepared, and the server its generic plan."""
    for _ in range(8):
        assert await database.call("test_migrated", {"value": "a"}) == "old a"


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (OLD.replace("create", "create or replace").replace("old", "new"), "new a"),
        (DROP + function("select to_jsonb('new ' || value)"), "new a"),
        (DROP + function("select 'new ' || value", "text"), "new a"),
        (
            DROP + function("select to_jsonb('new ' || value || more)", arguments="value text, more text default '!'"),
            "new a!",
        ),
    ],
    ids=["replaced", "made anew", "another result", "another argument"],
)
async def test_a_changed_function_is_called_as_it_is_now(
    database: Database, connection: Connection, new: str, said: str
) -> None:
    """Connections that have prepared the call before are not in its way, whatever has changed."""
    await connection.execute(OLD)
    await warm(database)
    await connection.execute(new)
    assert [await database.call("test_migrated", {"value": "a"}) for _ in range(3)] == [said] * 3


async def test_a_function_that_was_dropped_and_came_back_is_called(database: Database, connection: Connection) -> None:
    """In between the database is behind; nothing has to be started anew."""
    await connection.execute(OLD)
    await warm(database)
    await connection.execute(DROP)
    with pytest.raises(DatabaseBehind, match="test_migrated"):
        await database.call("test_migrated", {"value": "a"})
    await connection.execute(OLD)
    await warm(database)


async def test_a_table_that_gets_a_column_does_not_disturb_who_reads_it(
    database: Database, connection: Connection
) -> None:
    """A function that takes whole rows has cached their shape; it takes the new one."""
    await connection.execute("create table ops.test_rows (name text); insert into ops.test_rows values ('a')")
    body = """
    declare found ops.test_rows;
    begin
        select r.* into found from ops.test_rows r;
        return to_jsonb('old ' || found.name);
    end
    """
    await connection.execute(function(body, language="plpgsql", definer="security definer"))
    await warm(database)
    await connection.execute("alter table ops.test_rows add column more text not null default 'b'")
    await warm(database)
