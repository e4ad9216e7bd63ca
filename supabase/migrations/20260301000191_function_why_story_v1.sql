-- All that the ledger has of an event: itself, its routing, its deliveries, the clicks on its messages, the events that tell of
-- its card, the envelope that it came of. At most 40 deliveries, 30 clicks (the first ones) and 30 events; _total says how many
-- there are. Null for an unknown id.
create or replace function ops.why_story_v1(event_id uuid)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    with clicks as materialized (
        -- The ts alone is looked up by index; the channel makes it certain.
        select distinct c.id, c.received_at from ops.deliveries m
        cross join lateral (
            select e.id, e.received_at, e.payload from ops.slack_envelopes e
            where left(e.payload #>> '{container,message_ts}', 40) = m.slack_ts and e.payload #>> '{container,message_ts}' is not null
                and e.duplicate_of is null
            order by e.received_at limit 1000
        ) c
        where m.event_id = why_story_v1.event_id and m.kind = 'post' and m.status = 'sent'
            and m.slack_channel_id in (c.payload #>> '{channel,id}', c.payload #>> '{container,channel_id}')
    )
    select jsonb_build_object(
        'event', ops.why_event_v1(coalesce(r.event, jsonb_build_object('event_id', asked.event_id))),
        'dispatch', jsonb_build_object(
            'status', coalesce(
                s.status, case when (r.event ->> 'created_at')::timestamptz < ops.kept_since_v1() then 'pruned' end, 'unrecorded'
            ),
            'recorded_at', s.recorded_at, 'routed_at', s.routed_at, 'silence_id', s.silence_id,
            'claimed_by', s.claimed_by, 'lease_until', s.lease_until,
            'verdicts', (select v.verdicts from ops.routing_verdicts v where v.event_id = asked.event_id)
        ),
        'deliveries', (
            select coalesce(jsonb_agg(ops.why_delivery_v1(d) order by d.position), '[]')
            from (select v.* from ops.deliveries v where v.event_id = asked.event_id order by v.position limit 40) d
        ),
        'deliveries_total', (select count(*) from ops.deliveries v where v.event_id = asked.event_id),
        'card', (select to_jsonb(c) from ops.cards c where c.card_id = asked.event_id),
        'tells_of', (select to_jsonb(c) from ops.cards c where c.card_id = s.card_id),
        'clicks', (
            select coalesce(jsonb_agg(ops.why_envelope_v1(e) order by e.received_at, e.id), '[]')
            from (select x.* from ops.slack_envelopes x where x.id in (select k.id from clicks k order by k.received_at, k.id limit 30)) e
        ),
        'clicks_total', (select count(*) from clicks),
        'told_by', (
            select coalesce(jsonb_agg(ops.why_event_v1(t.event)), '[]') from ops.read_events_v1(array(
                select a.event_id from ops.event_dispatches a where a.card_id = asked.event_id order by a.position limit 30
            )) t
        ),
        'told_by_total', (select count(*) from ops.event_dispatches a where a.card_id = asked.event_id),
        'cause', (
            select ops.why_envelope_v1(e) from ops.slack_envelopes e
            where e.team_id = r.event #>> '{payload,team_id}' and e.envelope_id = r.event #>> '{payload,envelope_id}'
                and asked.event_id = any (e.event_ids)  -- anybody can write such an event
        )
    )
    from (values (why_story_v1.event_id)) asked (event_id)
    left join ops.read_events_v1(array[why_story_v1.event_id]) r on r.event_id = asked.event_id
    left join ops.event_dispatches s on s.event_id = asked.event_id
    where r.event_id is not null or s.event_id is not null
$$;

revoke all on function ops.why_story_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.why_story_v1(uuid) is 'The facts of an event''s whole story. Called by why_v1.';
