-- The other alerts of a card's service that fired in the last day, open ones first, resolved ones last, then the newest: {"alerts": [{"event", "environment", "phase",
-- "by": who has it in hand, "at", "channel", "ts"}], five at most, "alerts_total"}. channel and ts: its message, where it stands.
-- The time is asked for once, so that an index can answer: what was before is not read.
create or replace function ops.known_alerts_v1(card_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    with others as materialized (
        select c.*, count(*) over () as total from ops.cards a
        join ops.cards c on c.service = a.service and c.kind = 'alert' and c.card_id <> a.card_id
            and c.seen_at > (select clock_timestamp()) - interval '24 hours'
            and (c.state #> '{resolved,superseded_by}') is null
        where a.card_id = known_alerts_v1.card_id
        order by c.phase = 'open' desc, c.phase = 'resolved', c.created_at desc limit 5
    )
    select jsonb_build_object(
        'alerts_total', coalesce(max(o.total), 0),
        'alerts', coalesce(jsonb_agg(jsonb_build_object(
            'event', ops.why_event_v1(r.event), 'environment', o.environment, 'phase', o.phase, 'by', o.state -> o.phase,
            'at', o.created_at, 'channel', m.slack_channel_id, 'ts', m.slack_ts
        ) order by o.phase = 'open' desc, o.phase = 'resolved', o.created_at desc), '[]')
    )
    from others o
    join ops.read_events_v1(array(select i.card_id from others i)) r on r.event_id = o.card_id
    left join lateral (
        select p.slack_channel_id, p.slack_ts from ops.deliveries p
        where p.event_id = o.card_id and p.kind = 'post' and p.thread_delivery_id is null and p.status = 'sent'
        order by p.position limit 1
    ) m on true
$$;

revoke all on function ops.known_alerts_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.known_alerts_v1(uuid) is 'The other alerts of a card''s service. Called by known_of_card_v1.';
