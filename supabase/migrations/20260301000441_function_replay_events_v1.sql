-- A page of the events that were recorded in a time and are routed, the newest first, each with what became of it: {"events":
-- [{"event", "posts": [{"channel", "mention", "why"}], "card", "card_id", "is_repeat", "card_channels", "is_silenced", "verdicts"}], "places", "before"}.
-- card: the kind of the card that it is, card_id: the card that it tells of, is_repeat: that it fired again, card_channels: where that card stood when it was routed (null
-- where there is none, or it is not kept), is_silenced: it had no message because of a silence, places: the IDs of the channels that are
-- known by name. The next page is asked for with this "before"; null: there is none.
create or replace function ops.replay_events_v1(since timestamptz, until timestamptz default null, before jsonb default null)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with page as materialized (
        select d.* from ops.event_dispatches d
        where d.status <> 'pending' and d.recorded_at >= replay_events_v1.since
            and d.recorded_at <= coalesce((before ->> 'recorded_at')::timestamptz, replay_events_v1.until, 'infinity')
            and (before is null or (d.recorded_at, d.position) < ((before ->> 'recorded_at')::timestamptz, (before ->> 'position')::bigint))
        order by d.recorded_at desc, d.position desc limit 200
    )
    select jsonb_build_object(
        'events', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'event', coalesce(e.event, jsonb_build_object('event_id', p.event_id)),
                'posts', (
                    select coalesce(jsonb_agg(
                        jsonb_build_object('channel', d.channel, 'mention', d.mention, 'why', d.why) order by d.position
                    ), '[]')
                    from ops.deliveries d where d.event_id = p.event_id and d.kind = 'post' and d.thread_delivery_id is null
                ),
                'card', (select c.kind from ops.cards c where c.card_id = p.event_id),
                'card_id', p.card_id, 'is_repeat', p.is_repeat, 'is_silenced', p.status = 'silenced',
                'card_channels', case when exists (select from ops.cards c where c.card_id = p.card_id) then (
                    select coalesce(jsonb_agg(d.channel), '[]') from ops.deliveries d
                    where d.event_id = p.card_id and d.kind = 'post' and d.thread_delivery_id is null and d.created_at <= p.routed_at
                        and (d.dead_at is null or d.dead_at > p.routed_at)
                ) end,
                'verdicts', (select v.verdicts from ops.routing_verdicts v where v.event_id = p.event_id)
            ) order by p.recorded_at desc, p.position desc), '[]')
            from page p
            left join ops.read_events_v1(array(select i.event_id from page i)) e on e.event_id = p.event_id
        ),
        'places', (
            select coalesce(jsonb_object_agg(s.channel, s.slack_channel_id), '{}')
            from ops.slack_channels s where s.slack_channel_id is not null
        ),
        'before', (
            select jsonb_build_object('recorded_at', p.recorded_at, 'position', p.position)
            from page p where (select count(*) from page) = 200 order by p.recorded_at, p.position limit 1
        )
    )
$$;

revoke all on function ops.replay_events_v1(timestamptz, timestamptz, jsonb) from public, anon, authenticated;
grant execute on function ops.replay_events_v1(timestamptz, timestamptz, jsonb) to service_role;
comment on function ops.replay_events_v1(timestamptz, timestamptz, jsonb) is 'A page of routed events and what became of each: {events, places, before}. Called by `pulser replay`.';
