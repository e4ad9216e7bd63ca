-- What the attempts of the last ten minutes came to, and how long each message that now stands in Slack took since its event
-- was noted. The newest 10,000 are read. Of the reasons, which are partly Slack's words, the fifty most frequent are told apart.
create or replace function ops.metrics_attempts_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    with recent as materialized (
        select a.delivery_id, a.purpose, a.outcome,
            case when a.outcome in ('sent', 'adopted') then '' else coalesce(left(a.reason, 80), '') end as reason
        from ops.delivery_attempts a
        where a.ended_at > now() - interval '10 minutes'
        order by a.ended_at desc limit 10000
    ), classes as (
        select r.purpose, r.outcome, r.reason, count(*) as attempts,
            row_number() over (order by count(*) desc, r.purpose, r.outcome, r.reason) as place
        from recent r group by r.purpose, r.outcome, r.reason
    ), latency as (
        select count(*) as messages,
            percentile_cont(array[0.5, 0.95, 1]) within group (order by extract(epoch from d.sent_at - e.recorded_at)) as seconds
        from recent r
        join ops.deliveries d on d.delivery_id = r.delivery_id
        join ops.event_dispatches e on e.event_id = d.event_id
        where d.kind = 'post' and d.thread_delivery_id is null and d.status = 'sent' and r.outcome in ('sent', 'adopted')
    )
    select 'pulser_recent_attempts', jsonb_build_object(
        'purpose', c.purpose, 'outcome', c.outcome, 'reason', case when c.place > 50 and c.reason <> '' then 'other' else c.reason end
    ), sum(c.attempts)::double precision
    from classes c group by 2
    union all
    select 'pulser_recent_leases_lost', '{"kind": "delivery"}', count(*) from recent r where r.outcome = 'lease_expired'
    union all
    select 'pulser_recent_messages', '{}', l.messages from latency l
    union all
    select 'pulser_recent_event_to_slack_seconds', jsonb_build_object('percentile', q.name), q.seconds
    from latency l cross join lateral unnest(array['50', '95', '100'], l.seconds) q (name, seconds)
    where q.seconds is not null
$$;

revoke all on function ops.metrics_attempts_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_attempts_v1() is 'Attempts by what they came to, and the time from an event to its message. Called by metrics_v1.';
