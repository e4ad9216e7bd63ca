create or replace function ops.routes_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'name', r.name, 'position', r.position, 'event_pattern', r.event_pattern, 'minimum_severity', r.minimum_severity,
        'service', r.service, 'environment', r.environment, 'channel', r.channel, 'mention', r.mention,
        'continue', r.continues, 'is_default', r.is_default
    ) order by r.position, r.name), '[]')
    from ops.notification_routes r
$$;

revoke all on function ops.routes_v1() from public, anon, authenticated;
grant execute on function ops.routes_v1() to service_role;
comment on function ops.routes_v1() is 'All routes in their order. Called by notify-dispatch and `pulser routes`.';
