-- A page of the envelopes that came in a time, the newest first, each with its audit events and the card that they name as it is
-- now: {"envelopes": [{"envelope_id", "team_id", "type", "payload", "handler", "status", "processed_at", "events", "card"}], "before"}.
-- The next page is asked for with this "before"; null: there is none. What could still be used (response_url …) is left out.
create or replace function ops.replay_envelopes_v1(since timestamptz, until timestamptz default null, before jsonb default null)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with page as materialized (
        select e.* from ops.slack_envelopes e
        where e.received_at >= replay_envelopes_v1.since
            and e.received_at <= coalesce((before ->> 'received_at')::timestamptz, replay_envelopes_v1.until, 'infinity')
            and (before is null or (e.received_at, e.id) < ((before ->> 'received_at')::timestamptz, (before ->> 'id')::bigint))
        order by e.received_at desc, e.id desc limit 100
    )
    select jsonb_build_object(
        'envelopes', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'envelope_id', p.envelope_id, 'team_id', p.team_id, 'type', p.event_type,
                'payload', case jsonb_typeof(p.payload)
                    when 'object' then p.payload - array['token', 'response_url', 'response_urls', 'trigger_id'] else p.payload
                end,
                'handler', p.handler, 'status', p.status, 'processed_at', p.processed_at, 'events', audit.events,
                'card', (select to_jsonb(c) from ops.cards c where c.card_id = audit.card_id)
            ) order by p.received_at desc, p.id desc), '[]')
            from page p
            cross join lateral (
                select coalesce(jsonb_agg(r.event), '[]') as events, max(r.event #>> '{payload,card_id}')::uuid as card_id
                from ops.read_events_v1(p.event_ids) r
            ) audit
        ),
        'before', (
            select jsonb_build_object('received_at', p.received_at, 'id', p.id)
            from page p where (select count(*) from page) = 100 order by p.received_at, p.id limit 1
        )
    )
$$;

revoke all on function ops.replay_envelopes_v1(timestamptz, timestamptz, jsonb) from public, anon, authenticated;
grant execute on function ops.replay_envelopes_v1(timestamptz, timestamptz, jsonb) to service_role;
comment on function ops.replay_envelopes_v1(timestamptz, timestamptz, jsonb) is 'A page of envelopes, their audit events and cards: {envelopes, before}. Called by `pulser replay`.';
