create or replace function ops.service_hooks_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object('service', s.service, 'deploy', s.deploy, 'rollback', s.rollback) order by s.service), '[]')
    from ops.services s
$$;

revoke all on function ops.service_hooks_v1() from public, anon, authenticated;
grant execute on function ops.service_hooks_v1() to service_role;
comment on function ops.service_hooks_v1() is 'The hooks of all services; a secret is only named there. Called by `pulser services diff`.';
