-- Replaces the whole set of routes at once: [{"name", "position", "event_pattern", …}] as routes_v1 gives them.
create or replace function ops.apply_routes_v1(routes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    before jsonb;
    after jsonb;
begin
    if (select count(*) from jsonb_array_elements(routes) r where (r ->> 'is_default')::boolean) <> 1 then
        raise exception 'a set of routes needs just one default route'
            using errcode = 'invalid_parameter_value', hint = 'The default route takes errors that no other route took.';
    end if;
    lock table ops.notification_routes in share row exclusive mode;
    before := ops.routes_v1();
    delete from ops.notification_routes where true;
    insert into ops.notification_routes (
        name, position, event_pattern, minimum_severity, service, environment, channel, mention, continues, is_default
    )
    select r.name, r.position, coalesce(r.event_pattern, '*'), coalesce(r.minimum_severity, 'info'), r.service, r.environment,
        r.channel, r.mention, coalesce(r."continue", false), coalesce(r.is_default, false)
    from jsonb_to_recordset(routes) r (
        name text, position integer, event_pattern text, minimum_severity text, service text, environment text,
        channel text, mention text, "continue" boolean, is_default boolean
    );
    after := ops.routes_v1();
    return (
        select jsonb_build_object(
            'added', count(*) filter (where b.value is null),
            'changed', count(*) filter (where a.value <> b.value),
            'removed', count(*) filter (where a.value is null)
        )
        from jsonb_array_elements(after) a (value)
        full join jsonb_array_elements(before) b (value) on a.value ->> 'name' = b.value ->> 'name'
    );
end;
$$;

revoke all on function ops.apply_routes_v1(jsonb) from public, anon, authenticated;
grant execute on function ops.apply_routes_v1(jsonb) to service_role;
comment on function ops.apply_routes_v1(jsonb) is 'Replaces all routes: {added, changed, removed}. Called by `pulser routes apply` and `pulser dev`.';
