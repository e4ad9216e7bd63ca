"""Reads the functions of the schema ops out of a database."""

from __future__ import annotations

import json

import asyncpg

from tools.contract import ContractError
from tools.contract.released import Function

FUNCTIONS = """
select p.proname as name, pg_get_function_result(p.oid) as result,
    has_function_privilege('service_role', p.oid, 'execute') as service_role,
    (
        select coalesce(jsonb_object_agg(coalesce(p.proargnames[at], at::text), format_type(type, null) || case
            when at > p.pronargs - p.pronargdefaults then ' default ' || pg_get_function_arg_default(p.oid, at::integer)
            else ''
        end), '{}')
        from unnest(p.proargtypes) with ordinality arguments (type, at)
    ) as arguments
from pg_proc p where p.pronamespace = 'ops'::regnamespace and p.prorettype <> 'trigger'::regtype order by p.proname
"""


async def read_functions(url: str) -> dict[str, Function]:
    """All functions of the schema, by name. Raises ContractError when two have one name: PostgREST could not choose."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(FUNCTIONS)
    finally:
        await connection.close()
    found: dict[str, Function] = {}
    for row in rows:
        if row["name"] in found:
            raise ContractError(f"there are two functions ops.{row['name']}: a changed one is a _v2")
        found[row["name"]] = Function(json.loads(row["arguments"]), row["result"], row["service_role"])
    return found
