-- types: of the event types that it muted the ten most frequent, [{"event_type", "events"}].
create or replace function ops.silence_json_v1(silence ops.silences)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    select to_jsonb(silence) || jsonb_build_object(
        'is_live', silence.ended_at is null and silence.ends_at > clock_timestamp(),
        'muted', (select coalesce(sum(c.events), 0) from ops.silence_counts c where c.silence_id = silence.silence_id),
        'types', (
            select coalesce(jsonb_agg(jsonb_build_object('event_type', c.event_type, 'events', c.events) order by c.events desc, c.event_type), '[]')
            from (
                select k.* from ops.silence_counts k where k.silence_id = silence.silence_id
                order by k.events desc, k.event_type limit 10
            ) c
        )
    )
    where silence.silence_id is not null
$$;

revoke all on function ops.silence_json_v1(ops.silences) from public, anon, authenticated, service_role;
comment on function ops.silence_json_v1(ops.silences) is 'A silence and what it muted; null for null. Called by list_silences_v1, start_silence_v1, end_silence_v1 and why_silence_v1.';
