-- What became of a deploy hook, on its card: accepted, or failed, and then the card can be acted on again. Of a rollback's hook only the
-- rollback that called it tells, and none that its deployer has told of: one that died late must not free the card for a third rollback
-- while the second goes on, nor undo one that began all the same. Each failure is an event of its own: delivery.dead is news for people, once in ten minutes, and names no card.
create or replace function ops.settle_hook_v1(delivery_id uuid, outcome jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    called ops.deliveries;
    card ops.cards;
    text_told text;
begin
    select d.* into called from ops.deliveries d where d.delivery_id = settle_hook_v1.delivery_id;
    if called.kind <> 'hook' or called.status not in ('sent', 'dead') then
        return;
    end if;
    text_told := left(coalesce(outcome ->> 'hook_text', called.error), 500);
    update ops.cards c
    set version = c.version + 1, updated_at = clock_timestamp(),
        phase = case
            when called.status = 'sent' then c.phase
            when c.kind = 'deploy' and c.phase = 'approved' and called.hook ->> 'action' = 'deploy' then 'failed'
            when c.kind = 'release' and c.phase = 'rolling_back' and not coalesce(c.state -> 'rollback' ? 'started', false) then 'deployed'
            else c.phase
        end,
        -- A rollback that could not begin can be asked for again.
        state = case
                when called.status = 'dead' and called.hook ->> 'action' = 'rollback'
                    and not coalesce(c.state -> 'rollback' ?| array['started', 'ended'], false) then c.state - 'rollback'
                else c.state
            end
            || jsonb_build_object('hook', jsonb_build_object(
                'status', case called.status when 'sent' then 'accepted' else 'failed' end,
                'action', called.hook ->> 'action', 'text', text_told, 'url', left(outcome ->> 'hook_url', 2000),
                'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ))
    where c.card_id = called.card_id and (
        called.hook ->> 'action' is distinct from 'rollback'
        or coalesce(c.state #>> '{rollback,delivery_id}', called.delivery_id::text) = called.delivery_id::text
    );
    if found then
        perform ops.refresh_card_v1(called.card_id);
    end if;
    if called.status = 'dead' then
        select c.* into card from ops.cards c where c.card_id = called.card_id;
        perform ops.tell_of_card_v1(
            card, (called.hook ->> 'action') || '.hook_failed', 'notify-dispatch',
            jsonb_build_object('delivery_id', called.delivery_id, 'reason', called.reason, 'summary', text_told),
            coalesce(called.error, called.reason, 'the hook could not be called')
        );
    end if;
end;
$$;

revoke all on function ops.settle_hook_v1(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.settle_hook_v1(uuid, jsonb) is 'Shows on the card how the call of its hook ended. Called by settle_delivery_v1 and expire_delivery_leases_v1.';
