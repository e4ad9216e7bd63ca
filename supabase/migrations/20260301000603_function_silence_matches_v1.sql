-- Whether patterns fit an event: as notify_dispatch/silence.py decides, for events that are long past. A test compares the two.
create or replace function ops.silence_matches_v1(service text, event_pattern text, environment text, event jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select bool_and(asked.pattern is null or coalesce(asked.value, '') like translate(
        replace(replace(replace(asked.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*?', '%_'
    ))
    from (values
        (event_pattern, coalesce(nullif(event ->> 'event_type', ''), 'unknown')),
        (service, event #>> '{payload,service}'),
        (environment, event #>> '{payload,environment}')
    ) asked (pattern, value)
$$;

revoke all on function ops.silence_matches_v1(text, text, text, jsonb) from public, anon, authenticated, service_role;
comment on function ops.silence_matches_v1(text, text, text, jsonb) is 'Whether a silence''s patterns fit an event. Called by preview_silence_v1.';
