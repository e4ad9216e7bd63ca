-- The two shapes of ops.platform_events name their key differently.
create or replace function ops.platform_event_key_v1()
returns name
language sql
stable
set search_path = ''
as $$
    select a.attname
    from pg_catalog.pg_attribute a
    where a.attrelid = 'ops.platform_events'::regclass
        and a.attname in ('event_id', 'id')
        and not a.attisdropped
    order by a.attname
    limit 1
$$;

revoke all on function ops.platform_event_key_v1() from public, anon, authenticated, service_role;
comment on function ops.platform_event_key_v1() is 'The key column of ops.platform_events: event_id or id. Called by the functions that read that table.';
