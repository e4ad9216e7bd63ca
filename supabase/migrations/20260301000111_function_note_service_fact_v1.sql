-- Events may be routed out of their order; the newest one stays.
create or replace function ops.note_service_fact_v1(event_id uuid, fact jsonb)
returns void
language sql
set search_path = ''
as $$
    insert into ops.service_facts as f (service, environment, aspect, what, version, branch, url, event_id, position, at)
    select fact ->> 'service', coalesce(fact ->> 'environment', ''), noted.aspect, fact ->> 'what', fact ->> 'version',
        fact ->> 'branch', fact ->> 'url', d.event_id, d.position, d.recorded_at
    from ops.event_dispatches d
    cross join (
        select fact ->> 'aspect' as aspect
        union all
        select 'release' where fact ->> 'aspect' = 'deploy' and fact ->> 'what' in ('completed', 'failed')
    ) noted
    where d.event_id = note_service_fact_v1.event_id and fact ->> 'service' is not null
    on conflict (service, environment, aspect) do update
    set what = excluded.what, version = excluded.version, branch = excluded.branch, url = excluded.url,
        event_id = excluded.event_id, position = excluded.position, at = excluded.at
    where excluded.position > f.position
$$;

revoke all on function ops.note_service_fact_v1(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.note_service_fact_v1(uuid, jsonb) is 'Keeps the newest deployment, release or CI run of a service. Called by attach_event_v1.';
