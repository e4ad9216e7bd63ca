-- Takes the deliveries from routings that a silence covers: "silences", the ids of those that fit, as the router found them. One that was
-- ended since mutes nothing. Gives the routings back, "silenced" where it did.
create or replace function ops.silence_events_v1(held uuid[], routings jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    live uuid[];
    muted jsonb;
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
    with chosen as (
        select (r.routing ->> 'event_id')::uuid as event_id, (
            select i.id::uuid from jsonb_array_elements_text(coalesce(nullif(r.routing -> 'silences', 'null'), '[]')) with ordinality i (id, nth)
            where i.id::uuid = any (live) order by i.nth limit 1
        ) as silence_id
        from jsonb_array_elements(routings) r (routing)
        where (r.routing ->> 'event_id')::uuid = any (held) and jsonb_array_length(r.routing -> 'deliveries') > 0
    ), silenced as (
        update ops.event_dispatches d set silence_id = c.silence_id
        from chosen c where d.event_id = c.event_id and c.silence_id is not null
        returning d.event_id, d.silence_id
    ), counted as (
        insert into ops.silence_counts as k (silence_id, event_type, events)
        select s.silence_id, left(coalesce(nullif(e.event ->> 'event_type', ''), 'unknown'), 100) as event_type, count(*)
        from silenced s left join ops.read_events_v1(array(select c.event_id from chosen c)) e on e.event_id = s.event_id
        group by 1, 2 order by 1, 2
        on conflict (silence_id, event_type) do update set events = k.events + excluded.events
    )
    select jsonb_agg(case when s.event_id is null then r.routing else r.routing || '{"deliveries": [], "silenced": true}' end order by r.nth)
    into muted
    from jsonb_array_elements(routings) with ordinality r (routing, nth)
    left join silenced s on s.event_id = (r.routing ->> 'event_id')::uuid;
    return coalesce(muted, routings);
end;
$$;

revoke all on function ops.silence_events_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.silence_events_v1(uuid[], jsonb) is 'Mutes the events that a silence covers, and counts them; the routings that are left. Called by record_deliveries_v1.';
