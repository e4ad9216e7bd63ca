create or replace function ops.reminder_times_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(
        jsonb_object_agg(t.severity, jsonb_build_object('after_min', t.after_min, 'every_min', t.every_min, 'at_most', t.at_most)), '{}'
    )
    from ops.reminder_times t
$$;

revoke all on function ops.reminder_times_v1() from public, anon, authenticated;
grant execute on function ops.reminder_times_v1() to service_role;
comment on function ops.reminder_times_v1() is 'When alerts remind, by severity: {severity: {after_min, every_min, at_most}}. Called by `pulser services` and `pulser setup`.';
