-- News of services, from all events that are being settled at once: a storm has many of few services, and only the newest of each aspect
-- stays. Events may be routed out of their order; the newest one stays then, too. held, routings: as record_deliveries_v1 has them.
create or replace function ops.note_service_facts_v1(held uuid[], routings jsonb)
returns void
language sql
set search_path = ''
as $$
    with noted as (
        select distinct on (r.routing #>> '{fact,service}', coalesce(r.routing #>> '{fact,environment}', ''), n.aspect)
            r.routing -> 'fact' as fact, n.aspect, d.event_id, d.position, d.recorded_at
        from jsonb_array_elements(routings) r (routing)
        join ops.event_dispatches d on d.event_id = (r.routing ->> 'event_id')::uuid
        cross join lateral (
            select r.routing #>> '{fact,aspect}'
            union all
            select 'release' where r.routing #>> '{fact,aspect}' = 'deploy' and r.routing #>> '{fact,what}' in ('completed', 'failed')
        ) n (aspect)
        where d.event_id = any (held) and r.routing #>> '{fact,service}' is not null
        order by r.routing #>> '{fact,service}', coalesce(r.routing #>> '{fact,environment}', ''), n.aspect, d.position desc
    )
    insert into ops.service_facts as f (service, environment, aspect, what, version, branch, url, event_id, position, at)
    select n.fact ->> 'service', coalesce(n.fact ->> 'environment', ''), n.aspect, n.fact ->> 'what', n.fact ->> 'version',
        n.fact ->> 'branch', n.fact ->> 'url', n.event_id, n.position, n.recorded_at
    from noted n
    on conflict (service, environment, aspect) do update
    set what = excluded.what, version = excluded.version, branch = excluded.branch, url = excluded.url,
        event_id = excluded.event_id, position = excluded.position, at = excluded.at
    where excluded.position > f.position
$$;

revoke all on function ops.note_service_facts_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.note_service_facts_v1(uuid[], jsonb) is 'Keeps the newest deployment, release or CI run of services. Called by attach_events_v1.';
