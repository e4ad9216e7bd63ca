-- What no silence mutes: as notify_dispatch/silence.py decides. A test compares the two.
create or replace function ops.passes_silences_v1(event jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select coalesce(lower(btrim(event #>> '{payload,severity}', E' \t\n\r\f\v')) in ('critical', 'fatal', 'emergency'), false)
        or coalesce(jsonb_typeof(event -> 'payload'), 'null') not in ('object', 'null')
        or coalesce(event ->> 'event_type' = 'deploy.requested' or event ->> 'event_type' ~ '^(relay|delivery|silence)\.', false)
$$;

revoke all on function ops.passes_silences_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.passes_silences_v1(jsonb) is 'Whether an event is posted whatever is silenced. Called by preview_silence_v1.';
