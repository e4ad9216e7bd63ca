-- A story with the silence that muted its event, null where none did.
create or replace function ops.why_silence_v1(story jsonb)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    select story || jsonb_build_object('silence', (
        select ops.silence_json_v1(s) from ops.silences s where s.silence_id = (story #>> '{dispatch,silence_id}')::uuid
    ))
$$;

revoke all on function ops.why_silence_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.why_silence_v1(jsonb) is 'Adds the silence that muted an event to its story. Called by why_v1.';
