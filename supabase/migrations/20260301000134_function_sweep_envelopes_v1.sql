-- Rings the handlers that have something left to do: lost forwards, vanished handlers, retries, answers that were not sent.
create or replace function ops.sweep_envelopes_v1()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    due record;
    rung integer := 0;
begin
    for due in
        select h.handler from unnest(array['action-handler', 'command-handler']) h (handler)
        where exists (
            select from ops.slack_envelopes e
            where e.status = 'pending' and e.handler = h.handler and e.next_attempt_at <= clock_timestamp()
        ) or exists (
            select from ops.slack_envelopes e
            where e.claim_token is not null and e.lease_until < clock_timestamp() and e.handler = h.handler
        ) or exists (
            select from ops.slack_envelopes e
            where e.reply_status = 'due' and e.reply_due_at <= clock_timestamp() and e.handler = h.handler
        )
    loop
        rung := rung + ops.ring_function_v1(due.handler, jsonb_build_object('drain', true))::integer;
    end loop;
    return rung;
end;
$$;

revoke all on function ops.sweep_envelopes_v1() from public, anon, authenticated, service_role;
comment on function ops.sweep_envelopes_v1() is 'Rings handlers that have work left; how many. Called by the cron job ops_envelope_sweep.';
