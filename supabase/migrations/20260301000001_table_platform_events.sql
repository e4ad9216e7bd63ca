-- The platform's audit trail: append-only, every service appends. Created only where the platform has none;
-- a table that is there is used as it is, in either of its two shapes (invariant 10).
do $$
begin
    if to_regclass('ops.platform_events') is null then
        create table ops.platform_events (
            event_id uuid primary key default gen_random_uuid(),
            event_type text not null,
            actor text,
            target text,
            payload jsonb,
            status text not null default 'ok',
            error_detail text,
            created_at timestamptz not null default now(),
            constraint status_is_ok_or_error check (status in ('ok', 'error'))
        );
        alter table ops.platform_events enable row level security;
        comment on table ops.platform_events is 'What happened on the platform. Append-only. Pulser announces each row in Slack.';
    end if;

    if not exists (
        select from pg_catalog.pg_attribute a
        where a.attrelid = 'ops.platform_events'::regclass
            and a.attname in ('event_id', 'id') and a.atttypid = 'uuid'::regtype and not a.attisdropped
    ) then
        raise exception 'ops.platform_events has neither a uuid column event_id nor a uuid column id: pulser does not know this table'
            using hint = 'Pulser works with two shapes: (event_id uuid, event_type, …) and (id uuid, action, …), each with payload and created_at.';
    end if;

    -- The reconciling sweep looks for the newest events; without this index it would read the whole table.
    if not exists (
        select from pg_catalog.pg_index i
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indrelid = 'ops.platform_events'::regclass and a.attname = 'created_at'
    ) then
        create index platform_events_created_at on ops.platform_events (created_at);
    end if;
end;
$$;

revoke all on table ops.platform_events from public, anon, authenticated;
revoke update, delete, truncate on table ops.platform_events from service_role;
grant select, insert on table ops.platform_events to service_role;
