-- What each route said of events, where the deliveries may not tell it. held: the events that are being settled; routings: as
-- record_deliveries_v1 takes them.
create or replace function ops.keep_verdicts_v1(held uuid[], routings jsonb)
returns void
language sql
set search_path = ''
as $$
    insert into ops.routing_verdicts (event_id, verdicts)
    select (r.routing ->> 'event_id')::uuid, r.routing -> 'verdicts' from jsonb_array_elements(routings) r (routing)
    where (r.routing ->> 'event_id')::uuid = any (held) and jsonb_typeof(r.routing -> 'verdicts') = 'array'
    on conflict (event_id) do nothing
$$;

revoke all on function ops.keep_verdicts_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.keep_verdicts_v1(uuid[], jsonb) is 'Keeps what the routes said of events. Called by record_deliveries_v1.';
