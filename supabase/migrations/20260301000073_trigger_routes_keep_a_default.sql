drop trigger if exists routes_keep_a_default on ops.notification_routes;
create constraint trigger routes_keep_a_default
after update or delete on ops.notification_routes
deferrable initially deferred
for each row when (old.is_default)
execute function ops.guard_default_route_v1();
