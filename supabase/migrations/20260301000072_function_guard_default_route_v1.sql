-- Without a default route an error could go unseen: the table refuses to be left without one.
create or replace function ops.guard_default_route_v1()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    if not exists (select from ops.notification_routes r where r.is_default) then
        raise exception 'the routes must keep a default route'
            using errcode = 'check_violation', constraint = 'routes_keep_a_default', table = 'notification_routes', schema = 'ops';
    end if;
    return null;
end;
$$;

revoke all on function ops.guard_default_route_v1() from public, anon, authenticated, service_role;
comment on function ops.guard_default_route_v1() is 'Refuses to leave the routes without a default. Called at commit by the trigger routes_keep_a_default.';
