-- A worker says how its sessions are, which extends their leases:
-- [{"session_id", "state", "alive", "hello": {"num_connections", "approximate_connection_time", "host", "app_id"} | null,
--   "envelopes", "end_reason"}]
-- ends_in_s: when its run ends, null when it goes on. A lease that ran out is held again unless it was taken away meanwhile.
create or replace function ops.report_relay_sessions_v1(
    worker text,
    sessions jsonb,
    lease_seconds integer default 20,
    ends_in_s double precision default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    states constant text[] := array['connecting', 'live', 'retiring', 'ended'];
    lease constant interval := make_interval(secs => least(greatest(lease_seconds, 1), 300));
    moment timestamptz;
    lost jsonb;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('pulser.relay', 0));
    -- In one order: a worker that reports twice at once does not wait for itself.
    perform from ops.relay_sessions r where r.worker = report_relay_sessions_v1.worker and r.state <> 'ended' order by r.session_id for no key update;
    moment := clock_timestamp();
    update ops.relay_sessions r
    set state = states[greatest(array_position(states, r.state), array_position(states, s.state))],
        lease_until = moment + case s.state when 'ended' then interval '0' else lease end,
        runs_until = moment + make_interval(secs => ends_in_s),
        hello_at = coalesce(r.hello_at, case when s.hello is not null or s.state = 'live' then moment end),
        alive_until = case
            when s.alive and r.hello_at is not null then greatest(r.alive_until, moment)
            when r.hello_at is null and (s.hello is not null or s.state = 'live') then moment
            else r.alive_until
        end,
        -- What Slack says in other words than numbers must not stop the report.
        approximate_connection_s = coalesce(jsonb_path_query_first(
            s.hello, '$.approximate_connection_time ? (@.type() == "number" && @ >= 0 && @ < 1e9)'
        )::double precision, r.approximate_connection_s),
        num_connections = coalesce(jsonb_path_query_first(
            s.hello, '$.num_connections ? (@.type() == "number" && @ >= 0 && @ < 1e9)'
        )::integer, r.num_connections),
        host = coalesce(left(s.hello ->> 'host', 200), r.host), app_id = coalesce(left(s.hello ->> 'app_id', 200), r.app_id),
        envelopes = greatest(r.envelopes, s.envelopes),
        ended_at = case s.state when 'ended' then moment end, end_reason = case s.state when 'ended' then coalesce(left(s.end_reason, 500), 'closed') end
    from jsonb_to_recordset(sessions) s (session_id uuid, state text, alive boolean, hello jsonb, envelopes bigint, end_reason text)
    where r.session_id = s.session_id and r.worker = report_relay_sessions_v1.worker and r.state <> 'ended';
    select coalesce(jsonb_agg(s.session_id), '[]') into lost
    from jsonb_to_recordset(sessions) s (session_id uuid, state text)
    where s.state <> 'ended' and not exists (
        select from ops.relay_sessions r
        where r.session_id = s.session_id and r.worker = report_relay_sessions_v1.worker and r.state <> 'ended'
    );
    return jsonb_build_object('now', extract(epoch from clock_timestamp()), 'lost', lost) || (
        select jsonb_build_object(
            'switched_on', ops.transport_v1() = 'socket',
            'share', count(*) filter (where o.state = 'live' and o.worker = report_relay_sessions_v1.worker) >= 2
                and ops.stands_by_v1(report_relay_sessions_v1.worker),
            'live', count(*) filter (where o.state = 'live'), 'open', count(*) filter (where o.hello_at is not null)
        )
        from ops.open_relay_sessions_v1() o
    );
end;
$$;

revoke all on function ops.report_relay_sessions_v1(text, jsonb, integer, double precision) from public, anon, authenticated;
grant execute on function ops.report_relay_sessions_v1(text, jsonb, integer, double precision) to service_role;
comment on function ops.report_relay_sessions_v1(text, jsonb, integer, double precision) is 'Extends the leases of a worker''s sessions: {switched_on, share, live, open, now, lost}. Called by socket-relay every few seconds, and at once after a hello or an end.';
