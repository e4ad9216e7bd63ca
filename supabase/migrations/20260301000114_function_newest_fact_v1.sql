-- The newest news of one aspect; CI runs and some deployments name no environment and count for each.
create or replace function ops.newest_fact_v1(service text, environment text, aspect text)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'what', f.what, 'version', f.version, 'branch', f.branch, 'url', f.url, 'at', f.at, 'event_id', f.event_id
    )
    from ops.service_facts f
    where f.service = newest_fact_v1.service and f.environment in (newest_fact_v1.environment, '')
        and f.aspect = newest_fact_v1.aspect
    order by f.position desc limit 1
$$;

revoke all on function ops.newest_fact_v1(text, text, text) from public, anon, authenticated, service_role;
comment on function ops.newest_fact_v1(text, text, text) is 'The last deployment or CI run of a service. Called by service_status_v1.';
