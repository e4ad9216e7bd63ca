-- Where the routes of a repeat lead and its card does not stand, the card is posted: it changes in place there from then on. Where its
-- post died, it is tried again. held: the events that are being settled; routings: as record_deliveries_v1 takes them.
create or replace function ops.post_repeats_v1(held uuid[], routings jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    posted integer;
begin
    -- What died with a digest comes back with it.
    perform ops.retry_digest_v1(p)
    from jsonb_array_elements(routings) r (routing)
    cross join lateral jsonb_array_elements(r.routing -> 'deliveries') v (delivery)
    join ops.event_dispatches d on d.event_id = (r.routing ->> 'event_id')::uuid
    join ops.deliveries p on p.event_id = d.card_id and p.channel = v.delivery ->> 'channel'
    where d.is_repeat and d.event_id = any (held) and p.kind = 'post' and p.status = 'dead' and p.digest_id = p.delivery_id;

    with wanted as materialized (
        select distinct on (d.card_id, ops.channel_place_v1(v.delivery ->> 'channel')) d.card_id, v.delivery
        from jsonb_array_elements(routings) r (routing)
        join ops.event_dispatches d on d.event_id = (r.routing ->> 'event_id')::uuid
        cross join lateral jsonb_array_elements(r.routing -> 'deliveries') with ordinality v (delivery, ordinal)
        where d.is_repeat and d.event_id = any (held) and not exists (
            select from ops.deliveries p
            where p.event_id = d.card_id and p.kind = 'post' and p.thread_delivery_id is null and p.status <> 'dead'
                and ops.channel_place_v1(p.channel) = ops.channel_place_v1(v.delivery ->> 'channel')
        )
        order by d.card_id, ops.channel_place_v1(v.delivery ->> 'channel'), d.position, v.ordinal
    ), revived as (
        update ops.deliveries p
        set status = 'queued', next_attempt_at = clock_timestamp(), retry_until = clock_timestamp() + interval '24 hours', dead_at = null,
            digest_id = null
        from wanted w
        where p.event_id = w.card_id and p.channel = w.delivery ->> 'channel' and p.kind = 'post'
            and p.thread_delivery_id is null and p.status = 'dead'
    )
    insert into ops.deliveries (event_id, route, channel, mention, why)
    select w.card_id, w.delivery ->> 'route', w.delivery ->> 'channel', w.delivery ->> 'mention', left(w.delivery ->> 'why', 1000)
    from wanted w
    on conflict (event_id, channel) where kind = 'post' and thread_delivery_id is null and continues_delivery_id is null
    do nothing;
    get diagnostics posted = row_count;
    return posted;
end;
$$;

revoke all on function ops.post_repeats_v1(uuid[], jsonb) from public, anon, authenticated, service_role;
comment on function ops.post_repeats_v1(uuid[], jsonb) is 'Posts cards where their repeats lead and they do not stand; how many anew. Called by record_deliveries_v1.';
