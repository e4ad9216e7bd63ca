-- A delivery as the ledger's readers see it. latency_ms: to Slack's ok, from the event's record, or for an update, a call and a
-- post in a thread from when they were queued.
create or replace function ops.delivery_summary_v1(delivery ops.deliveries, event jsonb, recorded_at timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'delivery_id', delivery.delivery_id, 'position', delivery.position, 'kind', delivery.kind,
        'thread_delivery_id', delivery.thread_delivery_id, 'thread_part', delivery.thread_part, 'action', delivery.hook ->> 'action',
        'digest_id', delivery.digest_id, 'event_id', delivery.event_id, 'event_type', event ->> 'event_type',
        'service', coalesce(delivery.fold_service, left(event #>> '{payload,service}', 300)),
        'title', left(event #>> '{payload,title}', 300), 'branch', left(event #>> '{payload,branch}', 300),
        'route', delivery.route, 'why', delivery.why, 'channel', delivery.channel, 'status', delivery.status,
        'attempts', delivery.attempts, 'reason', delivery.reason, 'error', delivery.error, 'adopted', delivery.adopted,
        'created_at', delivery.created_at,
        'next_attempt_at', case when delivery.status in ('queued', 'failed', 'in_doubt') then delivery.next_attempt_at end,
        'sent_at', delivery.sent_at, 'slack_channel_id', delivery.slack_channel_id, 'slack_ts', delivery.slack_ts,
        'latency_ms', round(extract(epoch from delivery.sent_at - case
            when delivery.kind = 'post' and delivery.thread_delivery_id is null then recorded_at else delivery.created_at
        end) * 1000)
    )
$$;

revoke all on function ops.delivery_summary_v1(ops.deliveries, jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function ops.delivery_summary_v1(ops.deliveries, jsonb, timestamptz) is 'A delivery as JSON. Called by list_deliveries_v1, the stories and why_delivery_v1.';
