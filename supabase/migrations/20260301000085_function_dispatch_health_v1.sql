-- What waits, how long, and what Slack holds up. Counts stop at 1,000: health must be cheap.
-- The time is asked for once, so that an index can answer: what was before is not read.
create or replace function ops.dispatch_health_v1()
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'pending_events', (
            select count(*) from (select from ops.event_dispatches d where d.status = 'pending' limit 1000) pending
        ),
        'oldest_pending_s', (
            select extract(epoch from clock_timestamp() - d.recorded_at)
            from ops.event_dispatches d where d.status = 'pending' order by d.position limit 1
        ),
        'waiting_deliveries', (
            select count(*) from (
                select from ops.deliveries d where d.status in ('queued', 'sending', 'in_doubt', 'failed') limit 1000
            ) waiting
        ),
        'overdue_s', greatest(0, extract(epoch from clock_timestamp() - ops.next_delivery_due_v1())),
        'in_doubt', (
            select count(*) from (select from ops.deliveries d where d.status = 'in_doubt' and not d.in_digest limit 1000) doubtful
        ),
        'dead_last_hour', (
            select count(*) from (
                select from ops.deliveries d
                where d.status = 'dead' and d.dead_at > (select clock_timestamp()) - interval '1 hour' limit 1000
            ) dead
        ),
        'holds', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'method', h.method, 'reason', h.reason, 'since', h.held_since, 'until', h.held_until
            )), '[]')
            from ops.slack_holds h where h.held_until > clock_timestamp()
        )
    )
$$;

revoke all on function ops.dispatch_health_v1() from public, anon, authenticated;
grant execute on function ops.dispatch_health_v1() to service_role;
comment on function ops.dispatch_health_v1() is 'Backlog, doubts, dead letters and holds. Called by notify-dispatch for ?action=health.';
