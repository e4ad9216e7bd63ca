-- What storms came to in the last ten minutes: digests that were posted or changed, the events that they took in, and how long these
-- took since they were noted. The newest 1,000 and 10,000 are read.
create or replace function ops.metrics_digests_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    with carriers as materialized (
        select d.delivery_id, d.kind, d.digest_id, d.sent_at
        from ops.delivery_attempts a join ops.deliveries d on d.delivery_id = a.delivery_id
        where a.ended_at > now() - interval '10 minutes' and a.outcome in ('sent', 'adopted')
            and d.digest_id is not null and d.status = 'sent'
        order by a.ended_at desc limit 1000
    ), folded as materialized (
        -- What came with a digest or an update of it was sent at the same moment.
        select m.event_id, m.sent_at
        from carriers c join ops.deliveries m on m.digest_id = c.digest_id and m.sent_at = c.sent_at and m.kind = 'post'
        limit 10000
    )
    select 'pulser_recent_digests', jsonb_build_object('kind', k.kind), (select count(*)::double precision from carriers c where c.kind = k.kind)
    from unnest(array['post', 'update']) k (kind)
    union all
    select 'pulser_recent_folded_events', '{}', count(*) from folded
    union all
    select 'pulser_recent_folded_event_to_slack_seconds', jsonb_build_object('percentile', q.name), q.seconds
    from (
        select percentile_cont(array[0.5, 0.95, 1]) within group (order by extract(epoch from f.sent_at - e.recorded_at)) as seconds
        from folded f join ops.event_dispatches e on e.event_id = f.event_id
    ) l cross join lateral unnest(array['50', '95', '100'], l.seconds) q (name, seconds)
    where q.seconds is not null
$$;

revoke all on function ops.metrics_digests_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_digests_v1() is 'Digests and the events in them. Called by metrics_v1.';
