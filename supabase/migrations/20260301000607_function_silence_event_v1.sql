-- The event silence.started or silence.ended: with all that a message says in title and summary, and for programs in "silence".
create or replace function ops.silence_event_v1(silence ops.silences, event_type text, actor text, identity jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    told constant jsonb := ops.silence_json_v1(silence);
    words constant text := concat_ws(' ',
        silence.service, nullif(silence.event_pattern, '*'),
        case when silence.service is null then
            case when silence.event_pattern <> '*' then 'of any service' when silence.environment is null then 'everything' else 'any service' end
        end, 'in ' || silence.environment
    );
    made_by constant text := coalesce(silence.created_by ->> 'name', silence.created_by ->> 'user');
    lasts constant text := format('from %s to %s UTC', to_char(silence.created_at at time zone 'utc', 'YYYY-MM-DD HH24:MI'),
        to_char(coalesce(silence.ended_at, silence.ends_at) at time zone 'utc', 'YYYY-MM-DD HH24:MI'));
    over constant text := concat_ws(' ',
        format('%s silenced it %s.', made_by, lasts),
        'Ended before its time by ' || coalesce(silence.ended_by ->> 'name', silence.ended_by ->> 'user') || '.',
        case when told ->> 'muted' = '0' then 'It muted nothing.' else format('It muted %s event%s: %s.', told ->> 'muted',
            case when told ->> 'muted' <> '1' then 's' end,
            (select string_agg((t.value ->> 'events') || ' ' || (t.value ->> 'event_type'), ', ' order by t.nth)
                from jsonb_array_elements(told -> 'types') with ordinality t (value, nth))) end
    );
begin
    return ops.append_event_v1(
        event_type := silence_event_v1.event_type, actor := silence_event_v1.actor, target := words,
        payload := jsonb_strip_nulls(jsonb_build_object(
            'severity', 'info', 'title', words || case event_type when 'silence.started' then ' is silenced' else ' is heard again' end,
            'summary', case event_type when 'silence.started' then format('By %s, %s. Critical events are posted all the same.', made_by, lasts)
                else over end,
            -- Only a name is a place; a pattern is none.
            'service', case when silence.service !~ '[*?]' then silence.service end,
            'environment', case when silence.environment !~ '[*?]' then silence.environment end,
            'reason', silence.reason, 'silence', told
        )) || coalesce(identity, '{}')
    );
end;
$$;

revoke all on function ops.silence_event_v1(ops.silences, text, text, jsonb) from public, anon, authenticated, service_role;
comment on function ops.silence_event_v1(ops.silences, text, text, jsonb) is 'Appends silence.started or silence.ended; its id. Called by start_silence_v1 and end_silence_v1.';
