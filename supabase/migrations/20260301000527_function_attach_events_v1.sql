-- What routed events mean beside their messages, and what the routes said of them. An alert that has to do with no other has its card
-- in one statement with its like, first, and what ends nothing is passed over; the others have their turn (attach_event_v1).
create or replace function ops.attach_events_v1(held uuid[], routings jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    in_turn constant uuid[] := coalesce(ops.events_in_turn_v1(routings), '{}');
begin
    routings := ops.place_deploys_v1(routings);
    perform ops.note_service_facts_v1(held, routings);
    perform ops.open_cards_v1((
        select jsonb_agg(r.routing) from jsonb_array_elements(routings) r (routing)
        where (r.routing ->> 'event_id')::uuid = any (held) and (r.routing ->> 'event_id')::uuid <> all (in_turn)
            and jsonb_typeof(r.routing -> 'card') = 'object' and not r.routing ? 'silenced'
    ));
    perform ops.attach_event_v1(r.routing) from jsonb_array_elements(routings) r (routing)
    where (r.routing ->> 'event_id')::uuid = any (held) and (r.routing ->> 'event_id')::uuid = any (in_turn);

    perform ops.keep_verdicts_v1(held, routings);
end;
$$;

revoke all on function ops.attach_events_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.attach_events_v1(uuid[], jsonb) is 'Notes what events mean for cards and services, and their verdicts. Called by record_deliveries_v1.';
