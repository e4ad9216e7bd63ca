-- What became of an event: {"event", "dispatch", "deliveries": [summary + "attempts_log", "digest_events"]}; of a digest, how many
-- events its message tells of. Null for an unknown id.
create or replace function ops.event_story_v1(event_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'event', coalesce(e.event, jsonb_build_object('event_id', asked.event_id)) || jsonb_build_object('recorded_at', s.recorded_at),
        'dispatch', jsonb_build_object(
            'status', coalesce(
                s.status, case when (e.event ->> 'created_at')::timestamptz < ops.kept_since_v1() then 'pruned' end, 'unrecorded'
            ),
            'recorded_at', s.recorded_at, 'routed_at', s.routed_at, 'silence_id', s.silence_id
        ),
        'deliveries', (
            select coalesce(jsonb_agg(
                ops.delivery_summary_v1(d, e.event, s.recorded_at)
                || jsonb_build_object('attempts_log', ops.attempts_log_v1(d.delivery_id), 'digest_events', case
                    when d.digest_id = d.delivery_id and d.kind = 'post'
                    then (select count(*) from ops.deliveries m where m.digest_id = d.delivery_id and m.kind = 'post')
                end)
                order by d.position
            ), '[]')
            from ops.deliveries d where d.event_id = event_story_v1.event_id
        )
    )
    from (values (event_story_v1.event_id)) asked (event_id)
    left join ops.read_events_v1(array[event_story_v1.event_id]) e on e.event_id = asked.event_id
    left join ops.event_dispatches s on s.event_id = asked.event_id
    where e.event_id is not null or s.event_id is not null
$$;

revoke all on function ops.event_story_v1(uuid) from public, anon, authenticated;
grant execute on function ops.event_story_v1(uuid) to service_role;
comment on function ops.event_story_v1(uuid) is 'The whole story of an event. Called by `pulser ledger show`, the console and `pulser demo`.';
