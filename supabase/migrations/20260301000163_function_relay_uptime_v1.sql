-- Up-time: the part of a time in which at least one session was past its hello with a fresh pong, and the last gap in it.
-- A session that answers is up until now, not only until its last report; after 15 seconds without one it is not.
-- In plpgsql, so that the planner knows the times: only the sessions of that time are read.
create or replace function ops.relay_uptime_v1(since timestamptz, upto timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
    whole tstzmultirange;
    up tstzmultirange;
begin
    if (since < upto) is not true then
        return jsonb_build_object('uptime', null, 'last_gap', null);
    end if;
    whole := tstzmultirange(tstzrange(since, upto));
    select whole * coalesce(range_agg(tstzrange(s.hello_at, case
        when s.state in ('live', 'retiring') and s.lease_until > clock_timestamp()
            and s.alive_until > clock_timestamp() - interval '15 seconds'
        then greatest(s.alive_until, upto) else s.alive_until
    end)), '{}') into up
    from ops.relay_sessions s
    where (s.state <> 'ended' or s.ended_at > since) and s.alive_until > since;
    return jsonb_build_object(
        'uptime', (
            select round(coalesce(sum(extract(epoch from upper(u) - lower(u))), 0) / extract(epoch from upto - since), 6)
            from unnest(up) u
        ),
        'last_gap', (
            select jsonb_build_object(
                'from', lower(g), 'to', upper(g), 'seconds', extract(epoch from upper(g) - lower(g))
            )
            from unnest(whole - up) g order by lower(g) desc limit 1
        )
    );
end;
$$;

revoke all on function ops.relay_uptime_v1(timestamptz, timestamptz) from public, anon, authenticated, service_role;
comment on function ops.relay_uptime_v1(timestamptz, timestamptz) is 'The relay''s up-time (0 to 1) within a time and its last gap: {uptime, last_gap}, nulls for no time. Called by relay_status_v1.';
