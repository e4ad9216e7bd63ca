-- filter, each key optional: {"status", "channel", "event_type", "since", "digest", "limit"}; newest first. The type stands with the
-- event: it is looked for among the newest 10,000 deliveries that the other keys leave. digest: the first hex digits of the id of one;
-- what is told in its message, itself too. By its index, so apart: the way by position would read the whole outbox for it.
create or replace function ops.list_deliveries_v1(filter jsonb default '{}')
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with of_digest as materialized (
        select v.* from ops.deliveries v
        where v.kind = 'post' and v.digest_id between rpad(replace(filter ->> 'digest', '-', ''), 32, '0')::uuid
            and rpad(replace(filter ->> 'digest', '-', ''), 32, 'f')::uuid
            and (filter ->> 'status' is null or v.status = filter ->> 'status')
            and (filter ->> 'channel' is null or filter ->> 'channel' in (v.channel, v.slack_channel_id))
            and (filter ->> 'since' is null or v.created_at >= (filter ->> 'since')::timestamptz)
    )
    select coalesce(jsonb_agg(listed.summary order by listed.position desc), '[]')
    from (
        select d.position, ops.delivery_summary_v1(d, e.event, s.recorded_at) as summary
        from (
            (
                select v.* from ops.deliveries v
                where filter ->> 'digest' is null and (filter ->> 'status' is null or v.status = filter ->> 'status')
                    and (filter ->> 'channel' is null or filter ->> 'channel' in (v.channel, v.slack_channel_id))
                    and (filter ->> 'since' is null or v.created_at >= (filter ->> 'since')::timestamptz)
                order by v.position desc
                limit case when filter ->> 'event_type' is null then least(coalesce((filter ->> 'limit')::integer, 50), 1000) else 10000 end
            )
            union all
            (
                select o.* from of_digest o order by o.position desc
                limit case when filter ->> 'event_type' is null then least(coalesce((filter ->> 'limit')::integer, 50), 1000) else 10000 end
            )
        ) d
        join ops.event_dispatches s on s.event_id = d.event_id
        left join lateral ops.read_events_v1(array[d.event_id]) e on true
        where filter ->> 'event_type' is null or e.event ->> 'event_type' = filter ->> 'event_type'
        order by d.position desc
        limit least(coalesce((filter ->> 'limit')::integer, 50), 1000)
    ) listed
    -- Whatever the plan: a digest that is none is an error, though no row is compared with it.
    where filter ->> 'digest' is null or rpad(replace(filter ->> 'digest', '-', ''), 32, '0')::uuid is not null
$$;

revoke all on function ops.list_deliveries_v1(jsonb) from public, anon, authenticated;
grant execute on function ops.list_deliveries_v1(jsonb) to service_role;
comment on function ops.list_deliveries_v1(jsonb) is 'Deliveries, newest first, at most 1,000. Called by `pulser ledger list`, the console and `pulser demo`.';
