-- What waits for notify-dispatch, and how long; what died in the last ten minutes; what Slack holds up. Counts stop at 10,000.
create or replace function ops.metrics_backlog_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    with waiting as materialized (
        select d.kind, d.status from ops.deliveries d
        where d.status in ('queued', 'sending', 'in_doubt', 'failed') limit 10000
    ), dead as materialized (
        select d.kind from ops.deliveries d
        where d.status = 'dead' and d.dead_at > now() - interval '10 minutes' limit 10000
    )
    select 'pulser_pending_events', '{}'::jsonb, count(*)::double precision
    from (select from ops.event_dispatches d where d.status = 'pending' limit 10000) pending
    union all
    select 'pulser_oldest_pending_event_seconds', '{}', coalesce(extract(epoch from clock_timestamp() - (
        select d.recorded_at from ops.event_dispatches d where d.status = 'pending' order by d.position limit 1
    )), 0)
    union all
    -- Also those of which there are none: an alarm can tell nothing from a missing number.
    select 'pulser_waiting_deliveries', jsonb_build_object('kind', k.kind, 'status', s.status), (
        select count(*) from waiting w where w.kind = k.kind and w.status = s.status
    )
    from unnest(array['post', 'update', 'hook']) k (kind)
    cross join unnest(array['queued', 'sending', 'in_doubt', 'failed']) s (status)
    where s.status <> 'in_doubt' or k.kind = 'post'
    union all
    -- By channel: there are few, and the oldest of each is the first in its index. What is in doubt may stand in Slack already.
    select 'pulser_oldest_waiting_post_seconds', '{}', coalesce(extract(epoch from clock_timestamp() - min(oldest.created_at)), 0)
    from ops.slack_channels c cross join (values (false), (true)) q (may_fold) cross join lateral (
        select d.created_at from ops.deliveries d
        where d.channel = c.channel and d.may_fold = q.may_fold and d.kind = 'post' and d.status in ('queued', 'sending', 'failed')
        order by d.position limit 1
    ) oldest
    union all
    select 'pulser_overdue_delivery_seconds', '{}',
        coalesce(greatest(0, extract(epoch from clock_timestamp() - ops.next_delivery_due_v1())), 0)
    union all
    select 'pulser_recent_dead_deliveries', jsonb_build_object('kind', k.kind), (select count(*) from dead where dead.kind = k.kind)
    from unnest(array['post', 'update', 'hook']) k (kind)
    union all
    select 'pulser_slack_hold_seconds', jsonb_build_object('method', h.method, 'reason', left(h.reason, 80)),
        extract(epoch from h.held_until - clock_timestamp())
    from (select s.* from ops.slack_holds s where s.held_until > clock_timestamp() order by s.held_until desc limit 50) h
$$;

revoke all on function ops.metrics_backlog_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_backlog_v1() is 'Backlog of events and deliveries, dead letters and holds. Called by metrics_v1.';
