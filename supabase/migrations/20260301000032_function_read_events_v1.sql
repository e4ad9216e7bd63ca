-- The only way pulser reads ops.platform_events. One look at the index per id, however many: a planner that thinks the table
-- small would rather read it whole.
create or replace function ops.read_events_v1(event_ids uuid[])
returns table (event_id uuid, event jsonb)
language plpgsql
stable
set search_path = ''
as $$
-- The linter cannot follow a statement that is put together: whether it fills the two columns, the tests tell.
-- @plpgsql_check_options: extra_warnings = off
begin
    return query execute format(
        $q$
        select e.id, e.event from (select distinct unnest($1)) i (id)
        cross join lateral (
            select p.%1$I, ops.event_of_row_v1(to_jsonb(p)) from ops.platform_events p where p.%1$I = i.id limit 1
        ) e (id, event)
        $q$,
        ops.platform_event_key_v1()
    ) using event_ids;
end;
$$;

revoke all on function ops.read_events_v1(uuid[]) from public, anon, authenticated, service_role;
comment on function ops.read_events_v1(uuid[]) is 'The events with these ids, in either shape of the table. Called by claim_events_v1, claim_deliveries_v1 and event_story_v1.';
