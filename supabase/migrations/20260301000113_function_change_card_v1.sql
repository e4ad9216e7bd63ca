-- A person's change of a card, if the card is still as he has seen it (invariant 8). change: {"card_id", "version", "kind",
-- "service", "environment", "phase", "state"}. True when it was changed; its row stays locked until the end of the transaction.
create or replace function ops.change_card_v1(change jsonb)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    changed uuid;
begin
    -- An event from before the cards has none yet. What was pruned since it was read does not come back: its dispatch is gone.
    insert into ops.cards (card_id, kind, service, environment, release, phase)
    select (change ->> 'card_id')::uuid, change ->> 'kind', change ->> 'service', change ->> 'environment',
        change ->> 'release', change ->> 'phase'
    where (change ->> 'version')::integer = 0
        and exists (select from ops.event_dispatches d where d.event_id = (change ->> 'card_id')::uuid for key share)
    on conflict do nothing;  -- also where another deploy of the service runs

    update ops.cards c
    set version = c.version + 1, phase = change ->> 'phase', state = change -> 'state', updated_at = clock_timestamp()
    where c.card_id = (change ->> 'card_id')::uuid and c.version = (change ->> 'version')::integer
    returning c.card_id into changed;
    if changed is null then
        return false;
    end if;
    perform ops.refresh_card_v1(changed);
    return true;
end;
$$;

revoke all on function ops.change_card_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.change_card_v1(jsonb) is 'Changes a card of a known version; false when it is another one by now. Called by settle_envelope_v1.';
