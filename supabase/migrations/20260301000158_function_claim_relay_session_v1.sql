-- A relay asks to hold one more connection. reason: enough | most | held | dial_budget | switched_off, and lost when this
-- session_id was used before. Asked again because the answer was lost, the answer is the same and costs no second dial.
create or replace function ops.claim_relay_session_v1(
    worker text,
    session_id uuid,
    replaces uuid default null,
    lease_seconds integer default 20
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    lease constant interval := make_interval(secs => least(greatest(lease_seconds, 1), 300));
    refusal text;
    dial jsonb;
    spare bigint;
begin
    -- Counting and adding go together; whoever reports (shared) is not between the two.
    perform pg_advisory_xact_lock(hashtextextended('pulser.relay', 0));
    update ops.relay_sessions s set lease_until = clock_timestamp() + lease
    where s.session_id = claim_relay_session_v1.session_id and s.worker = claim_relay_session_v1.worker
        and s.state = 'connecting';
    if found then
        return jsonb_build_object('granted', true, 'wait_s', 0, 'reason', null);
    end if;
    refusal := ops.relay_refusal_v1(worker, session_id, replaces);
    perform ops.note_standby_v1(worker, refusal);
    if refusal is not null then
        return jsonb_build_object('granted', false, 'wait_s', case refusal when 'lost' then 0 else 2 end, 'reason', refusal);
    end if;
    dial := ops.take_dial_v1();
    if (dial ->> 'granted')::boolean then
        insert into ops.relay_sessions (session_id, worker, replaces, lease_until)
        values (session_id, worker, replaces, clock_timestamp() + lease);
        -- Places that nobody needs yet are left to whoever may only have been stalled. Who lost his is told by his next report.
        select greatest(0, least(2 - count(*) filter (where o.state <> 'retiring'), 4 - count(*))) into spare
        from ops.open_relay_sessions_v1() o;
        update ops.relay_sessions s
        set state = 'ended', ended_at = clock_timestamp(), end_reason = 'lease_expired'
        where s.session_id in (
            select e.session_id from ops.relay_sessions e
            where e.state <> 'ended' and e.lease_until <= clock_timestamp()
            order by e.state = 'live' desc, e.lease_until desc offset spare
        );
    end if;
    return dial;
end;
$$;

revoke all on function ops.claim_relay_session_v1(text, uuid, uuid, integer) from public, anon, authenticated;
grant execute on function ops.claim_relay_session_v1(text, uuid, uuid, integer) to service_role;
comment on function ops.claim_relay_session_v1(text, uuid, uuid, integer) is 'Holds one more connection to Slack for a time: {granted, wait_s, reason}. Called by socket-relay before its first dial.';
