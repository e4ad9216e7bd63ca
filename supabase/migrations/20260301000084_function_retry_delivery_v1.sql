-- A person asks for another try. What is in Slack, or may be, is never posted again blindly (invariant 4).
create or replace function ops.retry_delivery_v1(delivery_id uuid, actor text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    asked ops.deliveries;
    carrier uuid;
begin
    -- The digest first, as whoever settles it: what is in one that is in doubt is looked for with it.
    select case when d.in_digest then d.digest_id end into carrier from ops.deliveries d where d.delivery_id = retry_delivery_v1.delivery_id;
    perform from ops.deliveries d where d.delivery_id = carrier for update;
    select d.* into asked from ops.deliveries d where d.delivery_id = retry_delivery_v1.delivery_id for update;
    if not found then
        return jsonb_build_object('retried', false, 'status', null, 'reason', 'there is no such delivery, or no longer');
    end if;
    if asked.kind <> 'post' then
        return jsonb_build_object('retried', false, 'status', asked.status, 'reason', case asked.kind
            when 'hook' then 'a deploy is asked for again in Slack' else 'the next change of the card is sent anyway'
        end);
    end if;
    if asked.thread_part in ('details', 'reminder') then
        return jsonb_build_object('retried', false, 'status', asked.status, 'reason', 'it was of that moment; the card shows how it is now');
    end if;
    if asked.in_digest and asked.status = 'in_doubt' then
        return ops.retry_delivery_v1(asked.digest_id, actor);
    end if;
    if asked.status not in ('dead', 'failed', 'in_doubt') or asked.in_digest and asked.status = 'failed' or asked.claim_token is not null then
        return jsonb_build_object('retried', false, 'status', asked.status, 'reason', case asked.status
            when 'sent' then 'it is in Slack' when 'failed' then 'its digest is changed again anyway' when 'queued' then 'it is waiting for its turn' else 'a worker has it just now'
        end);
    end if;
    perform ops.retry_digest_v1(asked);
    -- In doubt means: look in Slack's history now. The two others are posted again.
    update ops.deliveries d
    set status = case asked.status when 'dead' then 'queued' else asked.status end,
        next_attempt_at = clock_timestamp(), retry_until = clock_timestamp() + interval '24 hours', dead_at = null,
        digest_id = case asked.status when 'dead' then null else d.digest_id end
    where d.delivery_id = asked.delivery_id
    returning d.* into asked;
    -- The audit event rings at commit.
    perform ops.append_event_v1(
        event_type := 'delivery.retried', actor := retry_delivery_v1.actor, target := asked.channel,
        payload := jsonb_build_object('delivery_id', asked.delivery_id, 'event_id', asked.event_id)
    );
    return jsonb_build_object('retried', true, 'status', asked.status, 'reason', null);
end;
$$;

revoke all on function ops.retry_delivery_v1(uuid, text) from public, anon, authenticated;
grant execute on function ops.retry_delivery_v1(uuid, text) to service_role;
comment on function ops.retry_delivery_v1(uuid, text) is 'Another try at a delivery, with an audit event: {retried, status, reason}. Called by `pulser ledger retry`.';
