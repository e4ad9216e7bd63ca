"""The two shapes of ops.platform_events that an installation may have, with rows, and what a catalog says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.integration.schema.helpers import Session


@dataclass(frozen=True, slots=True)
class Shape:
    """SQL that makes the table with three old rows, and SQL that a writer of that platform uses; the key's name."""

    key: str
    table: str
    writer: str


BY_EVENT = Shape(
    key="event_id",
    table="""
create schema ops;
create table ops.platform_events (
    event_id uuid primary key default gen_random_uuid(),
    event_type text not null,
    actor text,
    target text,
    payload jsonb,
    status text not null default 'ok' check (status in ('ok', 'error')),
    error_detail text,
    created_at timestamptz not null default now()
);
alter table ops.platform_events enable row level security;
grant all on ops.platform_events to service_role;
insert into ops.platform_events (event_type, created_at)
select 'ci.failed', now() - make_interval(mins => minutes) from unnest(array[1, 90, 6000]) minutes;
""",
    writer="""
insert into ops.platform_events (event_type, actor, target, payload, status)
values ('deploy.failed', 'ci', 'web', '{"service": "web"}', 'error') returning event_id
""",
)
BY_REQUEST = Shape(
    key="id",
    table="""
create schema ops;
create table ops.platform_events (
    id uuid primary key default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id text,
    action text not null,
    project_ref text,
    path text not null,
    method text not null,
    status int,
    payload jsonb not null default '{}',
    request_id text
);
create unique index platform_events_request on ops.platform_events (request_id, action) where request_id is not null;
alter table ops.platform_events enable row level security;
grant all on ops.platform_events to service_role;
insert into ops.platform_events (action, path, method, created_at)
select 'ci.failed', '/', 'POST', now() - make_interval(mins => minutes) from unnest(array[1, 90, 6000]) minutes;
""",
    writer="""
insert into ops.platform_events (action, user_id, project_ref, path, method, status, payload)
values ('deploy.failed', 'ci', 'web', '/deploy', 'POST', 502, '{"service": "web"}') returning id
""",
)
SHAPES = {"by event": BY_EVENT, "by request": BY_REQUEST}

# How the table is stored and defined: nothing of it may change. Indexes and grants may be added.
DEFINITION = """
select jsonb_build_object(
    'file', (select relfilenode::bigint from pg_class where oid = 'ops.platform_events'::regclass),
    'columns', (
        select jsonb_agg(jsonb_build_array(
            attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
        ) order by attnum)
        from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid = 'ops.platform_events'::regclass and attnum > 0
    ),
    'constraints', (
        select jsonb_agg(pg_get_constraintdef(oid) order by conname)
        from pg_constraint where conrelid = 'ops.platform_events'::regclass
    ),
    'rows', (select jsonb_agg(to_jsonb(e) order by created_at) from ops.platform_events e)
)
"""

# All that migrations make, each object as one line of text.
CATALOG = """
select 'schema ' || nspname || ' ' || coalesce(nspacl::text, '') from pg_namespace where nspname = 'ops'
union all
select concat_ws(' ', 'relation', relname, relkind, relacl, relrowsecurity, obj_description(oid, 'pg_class'))
from pg_class where relnamespace = 'ops'::regnamespace
union all
select concat_ws(' ', 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
    attidentity, pg_get_expr(adbin, adrelid))
from pg_attribute join pg_class on pg_class.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
where relnamespace = 'ops'::regnamespace and attnum > 0
union all
select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
from pg_constraint where connamespace = 'ops'::regnamespace
union all
select 'index ' || pg_get_indexdef(indexrelid) from pg_index join pg_class on pg_class.oid = indrelid
where relnamespace = 'ops'::regnamespace
union all
select concat_ws(' ', 'function', pg_get_functiondef(oid), proacl, obj_description(oid, 'pg_proc'))
from pg_proc where pronamespace = 'ops'::regnamespace
union all
select 'trigger ' || pg_get_triggerdef(pg_trigger.oid) || tgenabled::text
from pg_trigger join pg_class on pg_class.oid = tgrelid
where relnamespace = 'ops'::regnamespace and not tgisinternal
union all
select concat_ws(' ', 'job', jobname, schedule, command, username, active) from cron.job
union all
select concat_ws(' ', 'route', r) from ops.notification_routes r
order by 1
"""


async def definition(db: Session) -> Any:  # noqa: ANN401  # the definition as JSON
    return await db.value(DEFINITION)


async def catalog(db: Session) -> list[str]:
    return await db.column(CATALOG)
