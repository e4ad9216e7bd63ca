-- Ends open alerts by what ended them. resolved: what the card's state tells of it, "at" and "after_s" are added; "superseded_by": a newer
-- card of the same alert. The newest of them, null where there was none.
create or replace function ops.resolve_alerts_v1(keys text[], resolved jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    old record;
    newest uuid;
begin
    for old in
        select c.card_id, c.created_at from ops.cards c left join ops.event_dispatches d on d.event_id = c.card_id
        where (c.alert_key = any (keys) or c.resolve_key = any (keys)) and c.phase in ('open', 'acknowledged', 'investigating')
        order by d.position  -- cards of a batch are not made in the order of their events
        for no key update of c
    loop
        update ops.cards c
        set version = c.version + 1, phase = 'resolved', updated_at = clock_timestamp(),
            state = c.state || jsonb_build_object('resolved', resolved || jsonb_build_object(
                'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'after_s', round(extract(epoch from clock_timestamp() - old.created_at)::numeric)
            ))
        where c.card_id = old.card_id;
        perform ops.refresh_card_v1(old.card_id);
        newest := old.card_id;
    end loop;
    return newest;
end;
$$;

revoke all on function ops.resolve_alerts_v1(text[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.resolve_alerts_v1(text[], jsonb) is 'Ends open alerts; the newest of them. Called by note_alert_v1.';
