-- The card that stands in the way of what a handler decided about one; null where that is no rollback: another card whose rollback is
-- under way, or the card itself, when another release than its own is the newest by now. Two that ask at once are asked one after the
-- other: the lock is held until the end of the transaction. It is the service's, as a card may name no environment. Nor is the news of
-- another release recorded meanwhile: whoever does waits for the fact, before he takes any card.
create or replace function ops.rollback_in_the_way_v1(card jsonb, hooks jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    newest text;
begin
    if not jsonb_path_exists(coalesce(hooks, 'null'), '$[*] ? (@.action == "rollback")') then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('pulser.rollback ' || (card ->> 'service'), 0));
    select f.version into newest from ops.service_facts f
    where f.service = card ->> 'service' and f.environment = coalesce(card ->> 'environment', '') and f.aspect = 'release'
    for share;
    if newest <> card ->> 'release' then
        return (card ->> 'card_id')::uuid;
    end if;
    return ops.open_rollback_v1(card);
end;
$$;

revoke all on function ops.rollback_in_the_way_v1(jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function ops.rollback_in_the_way_v1(jsonb, jsonb) is 'The card whose rollback is under way already, or whose own release was replaced; null when there is none. Called by settle_envelope_v1.';
