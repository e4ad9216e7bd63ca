-- A handler could not carry it out. It is tried again, ever later, for as long as Slack lets us answer (30 minutes), then given up.
create or replace function ops.fail_envelope_v1(claim_token uuid, error text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    held ops.slack_envelopes;
    wait_s double precision;
begin
    select e.* into held from ops.slack_envelopes e
    where e.claim_token = fail_envelope_v1.claim_token and e.status = 'processing'
    for update;
    if not found then
        return jsonb_build_object('settled', false, 'state', null, 'retry_in_s', null);
    end if;
    if held.attempts >= 8 or held.received_at < clock_timestamp() - interval '25 minutes' then
        perform ops.end_envelope_v1(held.id, 'gave_up', error, coalesce(held.handler, 'pulser'));
        return jsonb_build_object('settled', true, 'state', 'failed', 'retry_in_s', null);
    end if;
    wait_s := least(300, power(3, held.attempts)) * (0.5 + random() / 2);
    update ops.slack_envelopes e
    set status = 'pending', last_error = left(error, 2000), next_attempt_at = clock_timestamp() + make_interval(secs => wait_s),
        claim_token = null, claimed_by = null, lease_until = null
    where e.id = held.id;
    return jsonb_build_object('settled', true, 'state', 'pending', 'retry_in_s', wait_s);
end;
$$;

revoke all on function ops.fail_envelope_v1(uuid, text) from public, anon, authenticated;
grant execute on function ops.fail_envelope_v1(uuid, text) to service_role;
comment on function ops.fail_envelope_v1(uuid, text) is 'Gives a claimed envelope back for another try, or up: {settled, state, retry_in_s}. Called by action-handler and command-handler.';
