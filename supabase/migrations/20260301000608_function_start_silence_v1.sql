-- silence: {"silence_id", "service", "event_pattern", "environment", "reason", "ends_at", "created_by": {"user", "name"}}. The id is made by
-- whoever asks: the same one twice makes one silence, and one event. identity: what the event says of the envelope that it came of.
create or replace function ops.start_silence_v1(silence jsonb, actor text, identity jsonb default '{}')
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    started ops.silences;
    event_id uuid;
begin
    insert into ops.silences as s (silence_id, service, event_pattern, environment, reason, ends_at, created_by)
    values (
        coalesce((silence ->> 'silence_id')::uuid, gen_random_uuid()), silence ->> 'service', coalesce(silence ->> 'event_pattern', '*'),
        silence ->> 'environment', nullif(silence ->> 'reason', ''), (silence ->> 'ends_at')::timestamptz, silence -> 'created_by'
    )
    on conflict (silence_id) do nothing
    returning s.* into started;
    if not found then
        return jsonb_build_object('started', false, 'silence', (
            select ops.silence_json_v1(s) from ops.silences s where s.silence_id = (start_silence_v1.silence ->> 'silence_id')::uuid
        ));
    end if;
    event_id := ops.silence_event_v1(started, 'silence.started', actor, identity);
    return jsonb_build_object('started', true, 'silence', ops.silence_json_v1(started), 'event_id', event_id);
end;
$$;

revoke all on function ops.start_silence_v1(jsonb, text, jsonb) from public, anon, authenticated;
grant execute on function ops.start_silence_v1(jsonb, text, jsonb) to service_role;
comment on function ops.start_silence_v1(jsonb, text, jsonb) is 'Begins a silence and appends silence.started: {started, silence, event_id}; not twice with one id. Called by `pulser silences add` and change_silence_v1.';
