create or replace function ops.transport_v1()
returns text
language sql
stable
security definer
set search_path = ''
as $$
    select c.transport from ops.relay_control c
$$;

revoke all on function ops.transport_v1() from public, anon, authenticated;
grant execute on function ops.transport_v1() to service_role;
comment on function ops.transport_v1() is 'How Slack reaches pulser: socket or http. Called by `pulser relay`, the handlers and set_transport_v1.';
