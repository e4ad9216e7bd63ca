-- Maps a row of either shape of ops.platform_events to an event. Pure: a row in, an event out.
create or replace function ops.event_of_row_v1(event_row jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select case
        when event_row ? 'event_type' then jsonb_build_object(
            'event_id', event_row -> 'event_id',
            'event_type', event_row -> 'event_type',
            'actor', event_row -> 'actor',
            'target', event_row -> 'target',
            'payload', event_row -> 'payload',
            'status', event_row -> 'status',
            'error_detail', event_row -> 'error_detail',
            'created_at', event_row -> 'created_at'
        )
        else jsonb_build_object(
            'event_id', event_row -> 'id',
            'event_type', event_row -> 'action',
            'actor', event_row -> 'user_id',
            'target', coalesce(event_row ->> 'project_ref', event_row ->> 'path'),
            'payload', event_row -> 'payload',
            -- This shape keeps an HTTP status.
            'status', case when (event_row ->> 'status')::integer >= 400 then 'error' else 'ok' end,
            'error_detail', event_row #> '{payload,error_detail}',  -- where append_event_v1 put it
            'created_at', event_row -> 'created_at'
        )
    end
$$;

revoke all on function ops.event_of_row_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.event_of_row_v1(jsonb) is 'A row of either shape of ops.platform_events as an event. Called by read_events_v1.';
