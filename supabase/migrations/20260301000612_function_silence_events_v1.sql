-- Finds the routings that a silence covers: "silences", the ids of those that fit, as the router found them. One that was ended since
-- covers nothing. Gives the routings back, "silenced" by which one where it does: such an event opens no card, and mute_events_v1 takes
-- its messages once it is known which these are.
create or replace function ops.silence_events_v1(held uuid[], routings jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    live uuid[];
begin
    -- Held until we commit: whoever ends one of them waits, and counts what is recorded here.
    select array_agg(s.silence_id) into live from (
        select s.silence_id from ops.silences s
        where s.ended_at is null and s.ends_at > clock_timestamp() and s.silence_id in (
            select i.id::uuid from jsonb_array_elements(routings) r (routing)
            cross join lateral jsonb_array_elements_text(coalesce(nullif(r.routing -> 'silences', 'null'), '[]')) i (id)
        )
        order by s.silence_id for share
    ) s;
    if live is null then
        return routings;
    end if;
    return (
        select jsonb_agg(case when c.silence_id is null then r.routing else r.routing || jsonb_build_object('silenced', c.silence_id) end order by r.nth)
        from jsonb_array_elements(routings) with ordinality r (routing, nth)
        left join lateral (
            select i.id::uuid as silence_id
            from jsonb_array_elements_text(coalesce(nullif(r.routing -> 'silences', 'null'), '[]')) with ordinality i (id, nth)
            where i.id::uuid = any (live) and (r.routing ->> 'event_id')::uuid = any (held) and jsonb_array_length(r.routing -> 'deliveries') > 0
            order by i.nth limit 1
        ) c on true
    );
end;
$$;

revoke all on function ops.silence_events_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.silence_events_v1(uuid[], jsonb) is 'Finds the events that a silence covers; the routings, with its id. Called by record_deliveries_v1.';
