-- Ends an envelope with all its effects, in one transaction (invariant 3). outcome: {"ack", "reply", "error", "events": [{"key",
-- "event_type", "target", "payload", "status", "error_detail"}], "card": change_card_v1's, "approval": record_approval_v1's, "new_card": {"event", "service",
-- "environment", "phase", "state"}, "hooks": [{"card": "card" | "new_card", "service", "action", "inputs"}], "briefing": {"channel"}, in the
-- thread of the card's message there, "silence": change_silence_v1's, "canary": the id of the canary that came back in it}
create or replace function ops.settle_envelope_v1(claim_token uuid, outcome jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    held ops.slack_envelopes;
    card constant jsonb := nullif(outcome -> 'card', 'null');
    new_card constant jsonb := nullif(outcome -> 'new_card', 'null');
    running uuid;
    rolling uuid;
    audited jsonb;
    about uuid;
begin
    select e.* into held from ops.slack_envelopes e
    where e.claim_token = settle_envelope_v1.claim_token and e.status = 'processing'
    for update;
    if not found then
        return jsonb_build_object('settled', false, 'reason', 'stale_claim');
    end if;
    audited := ops.change_silence_v1(held, outcome -> 'silence');  -- which nobody asks for together with a card
    if audited is null then
        return jsonb_build_object('settled', false, 'reason', 'silence_changed');
    end if;
    -- Only what is about to run, or to wait for it, is in another's way: a rollback of a deploy that has ended is not.
    running := ops.running_deploy_v1(coalesce(new_card,
        case when card ->> 'phase' in ('requested', 'approved', 'started') then card end), card ->> 'card_id');
    if running is not null then
        return jsonb_build_object('settled', false, 'reason', 'deploy_running', 'card', ops.card_json_v1(running));
    end if;
    -- One failed deploy may have two cards: only the first of its rollbacks calls the hook. What was replaced meanwhile is decided anew.
    rolling := ops.rollback_in_the_way_v1(card, outcome -> 'hooks');
    if rolling is not null or card is not null and not ops.change_card_v1(card) then
        return jsonb_build_object('settled', false, 'reason', 'card_changed', 'card', ops.card_json_v1(coalesce(rolling, (card ->> 'card_id')::uuid)));
    end if;

    perform ops.record_approval_v1(held, (card ->> 'card_id')::uuid, outcome -> 'approval');
    audited := ops.audit_envelope_v1(held, outcome -> 'events') || audited;
    about := coalesce(audited ->> (new_card ->> 'event'), card ->> 'card_id')::uuid;
    perform ops.carry_out_v1(held, about, outcome);

    update ops.slack_envelopes e
    set status = 'completed', processed_at = clock_timestamp(), last_error = left(outcome ->> 'error', 2000),
        ack = nullif(outcome -> 'ack', 'null'), reply = nullif(outcome -> 'reply', 'null'),
        reply_status = case when jsonb_typeof(outcome -> 'reply') = 'object' then 'due' end,
        -- Its handler sends it now; later than this the sweep does.
        reply_due_at = clock_timestamp() + interval '15 seconds',
        event_ids = (select array_agg(v.value::uuid) from jsonb_each_text(audited) v),
        payload = case when jsonb_typeof(e.payload) = 'object' then e.payload - array['response_url', 'response_urls'] else e.payload end,
        claim_token = null, claimed_by = null, lease_until = null
    where e.id = held.id;
    return jsonb_build_object('settled', true, 'event_ids', audited, 'card', ops.card_json_v1(about));
end;
$$;

revoke all on function ops.settle_envelope_v1(uuid, jsonb) from public, anon, authenticated;
grant execute on function ops.settle_envelope_v1(uuid, jsonb) to service_role;
comment on function ops.settle_envelope_v1(uuid, jsonb) is 'Ends a claimed envelope with its effects: {settled, event_ids, card}; settled is false, and nothing written, for an old token, a changed card or silence, a running deploy, another card''s rollback or one of a release that was replaced. Called by action-handler and command-handler.';
