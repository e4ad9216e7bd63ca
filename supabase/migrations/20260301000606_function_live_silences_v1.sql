-- What a router needs to decide; whether it is still true is looked at once more when the event is recorded (silence_events_v1).
create or replace function ops.live_silences_v1()
returns jsonb
language sql
volatile
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'silence_id', s.silence_id, 'service', s.service, 'event_pattern', s.event_pattern, 'environment', s.environment
    ) order by s.created_at, s.silence_id), '[]')
    from ops.silences s where s.ended_at is null and s.ends_at > clock_timestamp()
$$;

revoke all on function ops.live_silences_v1() from public, anon, authenticated, service_role;
comment on function ops.live_silences_v1() is 'The silences that last, the oldest first. Called by claim_events_v1.';
