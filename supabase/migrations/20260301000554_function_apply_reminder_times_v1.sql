-- Makes the times those given: {severity: {"after_min", "every_min", "at_most"}}. A severity that is not given reminds no more.
create or replace function ops.apply_reminder_times_v1(times jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    written integer;
begin
    -- With the services: two files applied at once would mix.
    perform pg_advisory_xact_lock(hashtextextended('pulser.services', 0));
    delete from ops.reminder_times t where not times ? t.severity;
    insert into ops.reminder_times (severity, after_min, every_min, at_most)
    select t.severity, (t.given ->> 'after_min')::integer, (t.given ->> 'every_min')::integer, (t.given ->> 'at_most')::integer
    from jsonb_each(times) t (severity, given)
    on conflict (severity) do update
    set after_min = excluded.after_min, every_min = excluded.every_min, at_most = excluded.at_most;
    get diagnostics written = row_count;
    return written;
end;
$$;

revoke all on function ops.apply_reminder_times_v1(jsonb) from public, anon, authenticated;
grant execute on function ops.apply_reminder_times_v1(jsonb) to service_role;
comment on function ops.apply_reminder_times_v1(jsonb) is 'Replaces the times of the reminders; how many severities have any. Called by `pulser services apply`, `pulser setup` and `pulser dev`.';
