-- How the canary is. last: the newest that was asked for. heard: the newest that came back, and how long each part of its way took:
-- ring (until a dispatcher had it), out (until Slack's ok), back (until its envelope was recorded), whole.
create or replace function ops.canary_status_v1()
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'channel', c.channel, 'every_s', c.every_s, 'changed_at', c.changed_at, 'changed_by', c.changed_by, 'deaf_since', c.deaf_since,
        'last', (
            select jsonb_build_object(
                'canary_id', n.canary_id, 'asked_at', n.asked_at, 'reason', n.failed_reason, 'error', n.failed_error,
                'status', case
                    when n.came_back_at is not null then 'back' when n.failed_at is not null then 'failed'
                    when n.missed_at is not null then 'missed' else 'under_way' end
            )
            from ops.canaries n
            where n.asked_at >= c.changed_at order by n.claimed_at is null and n.failed_at is null, n.asked_at desc limit 1
        ),
        'heard', (
            select jsonb_build_object(
                'asked_at', h.asked_at, 'came_back_at', h.came_back_at, 'envelope_id', h.envelope_id, 'transport', h.transport,
                'ring_s', greatest(0, extract(epoch from h.claimed_at - h.asked_at)),
                'out_s', greatest(0, extract(epoch from h.posted_at - h.claimed_at)),
                'back_s', greatest(0, extract(epoch from h.came_back_at - h.posted_at)),
                'whole_s', greatest(0, extract(epoch from h.came_back_at - h.asked_at))
            )
            from ops.canaries h where h.came_back_at is not null and h.asked_at >= c.changed_at order by h.asked_at desc limit 1
        ),
        'day', (
            select jsonb_build_object(
                'back', count(*) filter (where d.came_back_at is not null),
                'missed', count(*) filter (where d.missed_at is not null and d.came_back_at is null),
                'failed', count(*) filter (where d.failed_at is not null and d.came_back_at is null)
            )
            from ops.canaries d where d.asked_at > clock_timestamp() - interval '24 hours'
        )
    )
    from ops.canary_control c
$$;

revoke all on function ops.canary_status_v1() from public, anon, authenticated;
grant execute on function ops.canary_status_v1() to service_role;
comment on function ops.canary_status_v1() is 'The canary''s switch, its last result, the newest round trip and the counts of a day. Called by command-handler for /pulser health, by `pulser canary` and `pulser doctor`, and by metrics_canary_v1.';
