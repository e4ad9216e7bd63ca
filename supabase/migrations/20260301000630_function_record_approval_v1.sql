-- The vote of an envelope, in the transaction that changes its card. approval: {"approver", "name", "plan_hash"}, null for none.
create or replace function ops.record_approval_v1(envelope ops.slack_envelopes, card_id uuid, approval jsonb)
returns void
language sql
volatile
set search_path = ''
as $$
    insert into ops.approvals (card_id, approver, name, plan_hash, team_id, envelope_id)
    select record_approval_v1.card_id, approval ->> 'approver', left(approval ->> 'name', 200), approval ->> 'plan_hash',
        envelope.team_id, envelope.envelope_id
    where jsonb_typeof(approval) = 'object'
$$;

revoke all on function ops.record_approval_v1(ops.slack_envelopes, uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.record_approval_v1(ops.slack_envelopes, uuid, jsonb) is 'Writes a vote. Called by settle_envelope_v1.';
