-- What routed events mean beside their messages, each in its turn (attach_event_v1), and what the routes said of them. Of most events
-- of a storm there is nothing of this, and no call.
create or replace function ops.attach_events_v1(held uuid[], routings jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform ops.attach_event_v1(r.routing) from jsonb_array_elements(routings) r (routing)
    where (r.routing ->> 'event_id')::uuid = any (held)
        and coalesce(r.routing ->> 'card', r.routing ->> 'fact', r.routing ->> 'deploy_result', r.routing ->> 'card_id',
            r.routing ->> 'alert', r.routing ->> 'resolves') is not null;

    perform ops.keep_verdicts_v1(held, routings);
end;
$$;

revoke all on function ops.attach_events_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.attach_events_v1(uuid[], jsonb) is 'Notes what events mean for cards and services, and their verdicts. Called by record_deliveries_v1.';
