-- A dial failed before its hello, and the session that holds the lease wants another. reason: held | dial_budget |
-- switched_off, and lost when the session is not connecting any more or its lease was taken away.
create or replace function ops.dial_again_v1(worker text, session_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('pulser.relay', 0));
    if not exists (
        select from ops.relay_sessions s
        where s.session_id = dial_again_v1.session_id and s.worker = dial_again_v1.worker and s.state = 'connecting'
    ) then
        return jsonb_build_object('granted', false, 'wait_s', 0, 'reason', 'lost');
    end if;
    return ops.take_dial_v1();
end;
$$;

revoke all on function ops.dial_again_v1(text, uuid) from public, anon, authenticated;
grant execute on function ops.dial_again_v1(text, uuid) to service_role;
comment on function ops.dial_again_v1(text, uuid) is 'Takes another dial from the budget for a session that is still connecting: {granted, wait_s, reason}. Called by socket-relay.';
