-- What a silence with these patterns ({"service", "event_pattern", "environment"}) would have muted of the last day: {"muted", "types":
-- [{"event_type", "service", "events"}], "newest", "passing", "looked_through", "is_cut", "since"}. passing: how many fit and would have been
-- posted all the same, being critical or pulser's own. Only so many of the newest events are looked through, 10,000 in two seconds: is_cut
-- says that there were more, since how far back that is.
create or replace function ops.preview_silence_v1(silence jsonb, most integer default 10000)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    with seen as materialized (
        select d.event_id, d.recorded_at, d.position from ops.event_dispatches d
        where d.status in ('routed', 'silenced') and d.recorded_at > now() - interval '24 hours'
            and (d.status = 'silenced' or exists (
                select from ops.deliveries p where p.event_id = d.event_id and p.kind = 'post' and p.thread_delivery_id is null
            ))
        order by d.recorded_at desc limit least(most, 10000)
    ), fitting as materialized (
        select s.*, e.event, ops.passes_silences_v1(e.event) as passes
        from ops.read_events_v1(array(select s.event_id from seen s)) e join seen s on s.event_id = e.event_id
        where ops.silence_matches_v1(
            silence ->> 'service', coalesce(silence ->> 'event_pattern', '*'), silence ->> 'environment', e.event
        )
    )
    select jsonb_build_object(
        'muted', (select count(*) from fitting f where not f.passes), 'passing', (select count(*) from fitting f where f.passes),
        'types', (
            select coalesce(jsonb_agg(to_jsonb(t) order by t.events desc, t.event_type, t.service), '[]') from (
                select left(f.event ->> 'event_type', 100) as event_type, left(f.event #>> '{payload,service}', 100) as service, count(*) as events
                from fitting f where not f.passes group by 1, 2 order by 3 desc, 1, 2 limit 20
            ) t
        ),
        'newest', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'event_id', n.event_id, 'event_type', left(n.event ->> 'event_type', 100), 'at', n.recorded_at,
                'service', left(n.event #>> '{payload,service}', 100), 'title', left(n.event #>> '{payload,title}', 200)
            ) order by n.recorded_at desc, n.position desc), '[]')
            from (select f.* from fitting f where not f.passes order by f.recorded_at desc, f.position desc limit 3) n
        ),
        'looked_through', (select count(*) from seen),
        'is_cut', (select count(*) from seen) = least(most, 10000),
        'since', coalesce((select min(s.recorded_at) from seen s having count(*) = least(most, 10000)), now() - interval '24 hours')
    )
$$;

revoke all on function ops.preview_silence_v1(jsonb, integer) from public, anon, authenticated;
grant execute on function ops.preview_silence_v1(jsonb, integer) to service_role;
comment on function ops.preview_silence_v1(jsonb, integer) is 'What a silence would have muted of the last day. Called by command-handler and `pulser silences preview`.';
