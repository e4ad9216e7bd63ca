-- Queues the posts of routed events, one for each place that a channel's names lead to. held: the events that are being settled;
-- routings: as record_deliveries_v1 takes them.
create or replace function ops.queue_posts_v1(held uuid[], routings jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    queued integer;
begin
    perform ops.keep_alone_v1(held);
    with routed as (
        select (r.routing ->> 'event_id')::uuid as event_id, v.delivery, v.ordinal,
            row_number() over (
                partition by r.routing ->> 'event_id', coalesce(p.slack_channel_id, v.delivery ->> 'channel') order by v.ordinal
            ) as nth
        from jsonb_array_elements(routings) r (routing)
        cross join lateral jsonb_array_elements(r.routing -> 'deliveries') with ordinality v (delivery, ordinal)
        left join ops.slack_channels p on p.channel = v.delivery ->> 'channel'
        where (r.routing ->> 'event_id')::uuid = any (held)
    ), channels as (
        -- Asked, not left to the conflict: that would wait for whoever settles a post there, and he may wait for a card of ours.
        insert into ops.slack_channels (channel) select distinct routed.delivery ->> 'channel' from routed
        where not exists (select from ops.slack_channels s where s.channel = routed.delivery ->> 'channel') order by 1
        on conflict (channel) do nothing
    )
    insert into ops.deliveries (event_id, route, channel, mention, why, fold_type, fold_service)
    select routed.event_id, routed.delivery ->> 'route', routed.delivery ->> 'channel', routed.delivery ->> 'mention',
        left(routed.delivery ->> 'why', 1000), left(routed.delivery ->> 'fold_type', 300), left(routed.delivery ->> 'fold_service', 300)
    from routed join ops.event_dispatches d on d.event_id = routed.event_id
    -- Where the card of the event stands already, it changes in place instead. One that waits and may fold does not stand yet: it may come
    -- to be told in a digest, which is nobody's card.
    where routed.nth = 1 and not d.is_repeat and not exists (
        select from ops.deliveries c where c.event_id = d.card_id and c.kind = 'post' and c.thread_delivery_id is null
            and c.digest_id is null and (c.status = 'sent' or not c.may_fold and c.status <> 'dead')
            and ops.channel_place_v1(c.channel) = ops.channel_place_v1(routed.delivery ->> 'channel')
    )
    order by d.position, routed.ordinal
    on conflict (event_id, channel) where kind = 'post' and thread_delivery_id is null and continues_delivery_id is null do nothing;
    get diagnostics queued = row_count;
    return queued;
end;
$$;

revoke all on function ops.queue_posts_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.queue_posts_v1(uuid[], jsonb) is 'Writes the posts of routed events; how many. Called by record_deliveries_v1.';
