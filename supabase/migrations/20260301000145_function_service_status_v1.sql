-- Each service and environment that is configured or was heard of: last deployment, last CI, open alerts that fired in the last day.
-- The time is asked for once, so that an index can answer: what was before is not read.
create or replace function ops.service_status_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with known as (
        select s.service, e.environment from ops.services s cross join lateral unnest(s.environments) e (environment)
        union
        select f.service, f.environment from ops.service_facts f
        union
        select c.service, coalesce(c.environment, '') from ops.cards c
        where c.kind = 'alert' and c.phase <> 'resolved' and c.seen_at > (select clock_timestamp()) - interval '24 hours' and c.service is not null
    ), running as (
        select r.deploy from jsonb_array_elements(ops.running_deploys_v1(null)) r (deploy)
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'service', k.service, 'environment', nullif(k.environment, ''),
        'deploy', ops.newest_fact_v1(k.service, k.environment, 'deploy'), 'ci', ops.newest_fact_v1(k.service, k.environment, 'ci'),
        'open_alerts', a.open, 'acknowledged_alerts', a.acknowledged, 'oldest_open_alert_at', a.oldest,
        'running_deploy', (
            select r.deploy from running r
            where r.deploy ->> 'service' = k.service and r.deploy ->> 'environment' = k.environment
        ),
        'rollback', (
            select jsonb_build_object('version', c.release, 'by', c.state -> 'rollback') from ops.cards c
            where c.card_id = (
                select ops.open_rollback_v1(jsonb_build_object('service', k.service, 'environment', nullif(k.environment, '')))
            )
        )
    ) order by k.service, k.environment), '[]')
    from known k
    cross join lateral (
        select count(*) filter (where c.phase = 'open') as open, count(*) filter (where c.phase in ('acknowledged', 'investigating')) as acknowledged,
            min(c.created_at) filter (where c.phase = 'open') as oldest
        from ops.cards c
        where c.service = k.service and c.kind = 'alert' and c.seen_at > (select clock_timestamp()) - interval '24 hours'
            and coalesce(c.environment, k.environment) = k.environment
    ) a
    -- News without an environment may be of any that the service has: they are told with each, and by themselves where it has none.
    where k.environment <> '' or not exists (select from known o where o.service = k.service and o.environment <> '')
$$;

revoke all on function ops.service_status_v1() from public, anon, authenticated;
grant execute on function ops.service_status_v1() to service_role;
comment on function ops.service_status_v1() is 'How each service is. Called by command-handler for /pulser status.';
