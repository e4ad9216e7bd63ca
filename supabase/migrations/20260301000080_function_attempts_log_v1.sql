create or replace function ops.attempts_log_v1(delivery_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'attempt', a.attempt, 'purpose', a.purpose, 'worker', a.worker, 'started_at', a.started_at,
        'ended_at', a.ended_at, 'outcome', a.outcome, 'reason', a.reason, 'error', a.error
    ) order by a.started_at), '[]')
    from ops.delivery_attempts a
    where a.delivery_id = attempts_log_v1.delivery_id
$$;

revoke all on function ops.attempts_log_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.attempts_log_v1(uuid) is 'Each try at a delivery, in order. Called by event_story_v1.';
