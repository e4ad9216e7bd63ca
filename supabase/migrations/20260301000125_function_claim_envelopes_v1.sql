-- What nobody handed on, what a vanished handler left, and what failed and is due again.
create or replace function ops.claim_envelopes_v1(handler text, worker text, max_envelopes integer, lease_seconds integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    due record;
    leased ops.slack_envelopes;
    claimed jsonb := jsonb_build_array();
begin
    for due in
        select e.id, ops.why_spent_v1(e) as why_spent from ops.slack_envelopes e
        where e.id in (
            (
                select p.id from ops.slack_envelopes p
                where p.status = 'pending' and p.handler = claim_envelopes_v1.handler and p.next_attempt_at <= clock_timestamp()
                order by p.next_attempt_at limit max_envelopes
            )
            union all
            (
                select l.id from ops.slack_envelopes l
                where l.claim_token is not null and l.lease_until < clock_timestamp() and l.handler = claim_envelopes_v1.handler
                order by l.lease_until limit max_envelopes
            )
        )
        order by e.id limit max_envelopes
        for update skip locked
    loop
        -- What was chosen may have been claimed and settled before it was locked.
        continue when not exists (
            select from ops.slack_envelopes e where e.id = due.id and (
                e.status = 'pending' and e.next_attempt_at <= clock_timestamp()
                or e.status = 'processing' and e.lease_until < clock_timestamp()
            )
        );
        if due.why_spent is not null then
            perform ops.end_envelope_v1(due.id, 'gave_up', due.why_spent, claim_envelopes_v1.handler);
            continue;
        end if;
        leased := ops.lease_envelope_v1(due.id, worker, lease_seconds);
        claimed := claimed || jsonb_build_array(jsonb_build_object(
            'claim_token', leased.claim_token, 'attempt', leased.attempts, 'envelope', ops.envelope_json_v1(leased)
        ));
    end loop;
    return jsonb_build_object('envelopes', claimed);
end;
$$;

revoke all on function ops.claim_envelopes_v1(text, text, integer, integer) from public, anon, authenticated;
grant execute on function ops.claim_envelopes_v1(text, text, integer, integer) to service_role;
comment on function ops.claim_envelopes_v1(text, text, integer, integer) is 'Takes due envelopes of a handler for a time: {envelopes}. Called by action-handler and command-handler when the sweep rings.';
