-- Remembers for all workers that Slack wants a method, or (*) everything, left alone for a while.
create or replace function ops.hold_slack_v1(method text, seconds double precision, reason text)
returns void
language sql
security definer
set search_path = ''
as $$
    insert into ops.slack_holds (method, reason, held_until)
    values (method, reason, clock_timestamp() + make_interval(secs => seconds))
    on conflict (method) do update
    set reason = excluded.reason,
        held_since = case
            when slack_holds.held_until > clock_timestamp() then slack_holds.held_since else excluded.held_since
        end,
        held_until = greatest(slack_holds.held_until, excluded.held_until)
$$;

revoke all on function ops.hold_slack_v1(text, double precision, text) from public, anon, authenticated, service_role;
comment on function ops.hold_slack_v1(text, double precision, text) is 'Stores a Retry-After. Called by settle_delivery_v1 and settle_canary_v1.';
