-- What became of a deploy hook, on its card: accepted, or failed, and then the card can be acted on again. Each failure is an event
-- of its own: delivery.dead is news for people, once in ten minutes, and names no card.
create or replace function ops.settle_hook_v1(delivery_id uuid, outcome jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    called ops.deliveries;
    card ops.cards;
begin
    select d.* into called from ops.deliveries d where d.delivery_id = settle_hook_v1.delivery_id;
    if called.kind <> 'hook' or called.status not in ('sent', 'dead') then
        return;
    end if;
    update ops.cards c
    set version = c.version + 1, updated_at = clock_timestamp(),
        phase = case
            when called.status = 'sent' then c.phase
            when c.kind = 'deploy' and c.phase = 'approved' and called.hook ->> 'action' = 'deploy' then 'failed'
            when c.kind = 'release' and c.phase = 'rolling_back' then 'deployed'
            else c.phase
        end,
        -- A rollback that could not begin can be asked for again.
        state = (case when called.status = 'dead' and called.hook ->> 'action' = 'rollback' then c.state - 'rollback' else c.state end)
            || jsonb_build_object('hook', jsonb_build_object(
                'status', case called.status when 'sent' then 'accepted' else 'failed' end,
                'action', called.hook ->> 'action',
                'text', left(coalesce(outcome ->> 'hook_text', called.error), 500), 'url', left(outcome ->> 'hook_url', 2000),
                'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ))
    where c.card_id = called.card_id
    returning c.* into card;
    perform ops.refresh_card_v1(called.card_id);
    if called.status = 'dead' then
        perform ops.tell_of_card_v1(
            card, (called.hook ->> 'action') || '.hook_failed', 'notify-dispatch',
            jsonb_build_object('delivery_id', called.delivery_id, 'reason', called.reason, 'summary', card.state #>> '{hook,text}'),
            coalesce(called.error, called.reason, 'the hook could not be called')
        );
    end if;
end;
$$;

revoke all on function ops.settle_hook_v1(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.settle_hook_v1(uuid, jsonb) is 'Shows on the card how the call of its hook ended. Called by settle_delivery_v1 and expire_delivery_leases_v1.';
