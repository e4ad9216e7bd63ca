-- Takes the messages of the events that a silence covers ("silenced": its id), and counts those that would have had one. Most that tell of
-- a card have none where the card stands: it changes in place as always, nothing is taken, so they are routed and not muted. Called when
-- it is known which card that is; note_alert_v1 has marked what would have been an alert anew. The routings that are left.
create or replace function ops.mute_events_v1(held uuid[], routings jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
    if not exists (select from jsonb_array_elements(routings) r (routing) where r.routing ? 'silenced') then
        return routings;
    end if;
    with muted as (
        update ops.event_dispatches d set silence_id = (r.routing ->> 'silenced')::uuid
        from jsonb_array_elements(routings) r (routing)
        where r.routing ? 'silenced' and d.event_id = (r.routing ->> 'event_id')::uuid and d.event_id = any (held)
            and (d.silence_id is not null or exists (
                select from jsonb_array_elements(r.routing -> 'deliveries') v (delivery) where not exists (
                    -- As queue_posts_v1 asks, and of a repeat as post_repeats_v1 does.
                    select from ops.deliveries c where c.event_id = d.card_id and c.kind = 'post' and c.thread_delivery_id is null
                        and ops.channel_place_v1(c.channel) = ops.channel_place_v1(v.delivery ->> 'channel')
                        and case when d.is_repeat then c.status <> 'dead'
                            else c.digest_id is null and (c.status = 'sent' or not c.may_fold and c.status <> 'dead') end
                )
            ))
        returning d.event_id, d.silence_id
    )
    insert into ops.silence_counts as k (silence_id, event_type, events)
    select m.silence_id, left(coalesce(nullif(e.event ->> 'event_type', ''), 'unknown'), 100) as event_type, count(*)
    from muted m left join ops.read_events_v1(array(
        select (r.routing ->> 'event_id')::uuid from jsonb_array_elements(routings) r (routing) where r.routing ? 'silenced'
    )) e on e.event_id = m.event_id
    group by 1, 2 order by 1, 2
    on conflict (silence_id, event_type) do update set events = k.events + excluded.events;
    return (
        select jsonb_agg(case when r.routing ? 'silenced' then r.routing || '{"deliveries": []}' else r.routing end order by r.nth)
        from jsonb_array_elements(routings) with ordinality r (routing, nth)
    );
end;
$$;

revoke all on function ops.mute_events_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.mute_events_v1(uuid[], jsonb) is 'Takes and counts the messages that a silence mutes; the routings that are left. Called by record_deliveries_v1.';
