-- What the ledger knows of Slack's undocumented points, of the last week, and what Slack refuses just now.
create or replace function ops.doctor_ledger_v1()
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'newest_post', (
            select jsonb_build_object(
                'delivery_id', d.delivery_id, 'slack_channel_id', d.slack_channel_id, 'slack_ts', d.slack_ts
            )
            from ops.deliveries d
            where d.kind = 'post' and d.thread_delivery_id is null and d.status = 'sent' order by d.position desc limit 1
        ),
        'refused', (
            select coalesce(jsonb_object_agg(r.reason, r.count), '{}') from (
                select d.reason, count(*) from ops.deliveries d
                where d.status = 'dead' and d.dead_at > clock_timestamp() - interval '7 days' and d.reason is not null
                group by d.reason
            ) r
        ),
        'same_id', (
            select coalesce(sum(e.duplicates), 0) from ops.slack_envelopes e
            where e.received_at > clock_timestamp() - interval '7 days'
        ),
        'other_id', (
            select count(*) from ops.slack_envelopes e
            where e.duplicate_of is not null and e.received_at > clock_timestamp() - interval '7 days'
        ),
        'connections', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'app_id', o.app_id, 'lasts', o.approximate_connection_s
            )), '[]')
            from ops.open_relay_sessions_v1() o where o.state = 'live'
        ),
        'holds', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'method', h.method, 'reason', h.reason, 'seconds', extract(epoch from h.held_until - clock_timestamp())
            ) order by h.method), '[]')
            from ops.slack_holds h where h.held_until > clock_timestamp()
        )
    )
$$;

revoke all on function ops.doctor_ledger_v1() from public, anon, authenticated;
grant execute on function ops.doctor_ledger_v1() to service_role;
comment on function ops.doctor_ledger_v1() is 'What the ledger has seen of Slack''s undocumented points, and what Slack holds. Called by `pulser doctor`.';
