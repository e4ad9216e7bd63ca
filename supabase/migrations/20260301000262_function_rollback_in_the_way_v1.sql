-- The rollback that stands in the way of what a handler decided about a card; null where that is no rollback. Two that ask at once
-- are asked one after the other: the lock is held until the end of the transaction. It is the service's, as a card may name no
-- environment.
create or replace function ops.rollback_in_the_way_v1(card jsonb, hooks jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
begin
    if not jsonb_path_exists(coalesce(hooks, 'null'), '$[*] ? (@.action == "rollback")') then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('pulser.rollback ' || (card ->> 'service'), 0));
    return ops.open_rollback_v1(card);
end;
$$;

revoke all on function ops.rollback_in_the_way_v1(jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function ops.rollback_in_the_way_v1(jsonb, jsonb) is 'The card whose rollback is under way already, null when there is none. Called by settle_envelope_v1.';
