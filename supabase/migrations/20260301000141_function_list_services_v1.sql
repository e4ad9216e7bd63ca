create or replace function ops.list_services_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(ops.service_policy_v1(s.service) order by s.service), '[]') from ops.services s
$$;

revoke all on function ops.list_services_v1() from public, anon, authenticated;
grant execute on function ops.list_services_v1() to service_role;
comment on function ops.list_services_v1() is 'All services with who may do what. Called by command-handler, `pulser services` and the console.';
