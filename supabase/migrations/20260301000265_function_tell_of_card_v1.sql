-- A change of a card that no envelope made is an event, too (invariant 10). It names the card, so it is not posted where the card's
-- own message shows it. told: the payload's other keys. A table that refuses it must not keep the outbox from going on.
create or replace function ops.tell_of_card_v1(
    card ops.cards, event_type text, actor text, told jsonb default '{}', error_detail text default null
)
returns uuid
language plpgsql
set search_path = ''
as $$
begin
    if card.card_id is null then
        return null;
    end if;
    return ops.append_event_v1(
        event_type := tell_of_card_v1.event_type, actor := tell_of_card_v1.actor, target := card.service,
        status := case when tell_of_card_v1.error_detail is null then 'ok' else 'error' end,
        error_detail := tell_of_card_v1.error_detail,
        payload := jsonb_strip_nulls(jsonb_build_object(
            -- No more than a warning: the card says it to those who act on it.
            'severity', 'warning', 'card_id', card.card_id, 'deploy_id', case card.kind when 'deploy' then card.card_id end,
            'service', card.service, 'environment', card.environment, 'version', card.release
        ) || told)
    );
exception
    when others then
        raise warning 'pulser: the change of card % is not told: % %', card.card_id, sqlstate, sqlerrm;
        return null;
end;
$$;

revoke all on function ops.tell_of_card_v1(ops.cards, text, text, jsonb, text) from public, anon, authenticated, service_role;
comment on function ops.tell_of_card_v1(ops.cards, text, text, jsonb, text) is 'Appends the event of a card''s change; its id, null when the table refused it. Called by settle_hook_v1 and expire_deploys_v1.';
