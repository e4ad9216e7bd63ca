-- Maps a row of either shape of ops.platform_events to an event of bounded size. Pure: a row in, an event out.
create or replace function ops.event_of_row_v1(event_row jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select case
        when event_row ? 'event_type' then jsonb_build_object(
            'event_id', event_row -> 'event_id',
            'event_type', left(event_row ->> 'event_type', 1000),
            'actor', left(event_row ->> 'actor', 1000),
            'target', left(event_row ->> 'target', 1000),
            'payload', ops.readable_payload_v1(event_row -> 'payload'),
            'status', event_row -> 'status',
            'error_detail', left(event_row ->> 'error_detail', 5000),
            'created_at', event_row -> 'created_at'
        )
        else jsonb_build_object(
            'event_id', event_row -> 'id',
            'event_type', left(event_row ->> 'action', 1000),
            'actor', left(event_row ->> 'user_id', 1000),
            'target', left(coalesce(event_row ->> 'project_ref', event_row ->> 'path'), 1000),
            'payload', ops.readable_payload_v1(event_row -> 'payload'),
            -- This shape keeps an HTTP status.
            'status', case when (event_row ->> 'status')::integer >= 400 then 'error' else 'ok' end,
            'error_detail', left(event_row #>> '{payload,error_detail}', 5000),  -- where append_event_v1 put it
            'created_at', event_row -> 'created_at'
        )
    end
$$;

revoke all on function ops.event_of_row_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.event_of_row_v1(jsonb) is 'A row of either shape of ops.platform_events as an event. Called by read_events_v1.';
