-- A card with its event and its first message. Where nothing is stored yet (an event from before the cards), its event tells
-- what it would be, with version 0; null when there is no such event, or its dispatch was pruned: its card is not open again. What waits for approvals names who may give them.
create or replace function ops.card_json_v1(card_id uuid)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    select jsonb_build_object(
        'card_id', asked.card_id,
        'version', coalesce(c.version, 0),
        'kind', coalesce(c.kind, d.kind),
        'service', coalesce(c.service, e.event #>> '{payload,service}'),
        'environment', coalesce(c.environment, e.event #>> '{payload,environment}'),
        'release', coalesce(c.release, e.event #>> '{payload,version}'),
        'phase', coalesce(c.phase, case d.kind when 'deploy' then 'requested' when 'release' then 'deployed' else 'open' end),
        'state', coalesce(c.state, '{}'),
        'event', e.event,
        'current_release', (
            select f.version from ops.service_facts f
            where f.service = coalesce(c.service, e.event #>> '{payload,service}')
                and f.environment = coalesce(c.environment, e.event #>> '{payload,environment}', '') and f.aspect = 'release'
        ),
        'can_rollback', (
            select s.rollback is not null from ops.services s where s.service = coalesce(c.service, e.event #>> '{payload,service}')
        ),
        'channel', m.slack_channel_id, 'ts', m.slack_ts,
        'queue_place', b.place,
        'approvers', case when c.kind = 'deploy' and c.phase = 'requested' then (
            select to_jsonb(s.approvers) from ops.services s where s.service = c.service and s.approval_required
        ) end
    )
    from (values (card_json_v1.card_id)) asked (card_id)
    left join ops.cards c on c.card_id = asked.card_id
    left join ops.read_events_v1(array[card_json_v1.card_id]) e on e.event_id = asked.card_id
    cross join lateral (
        select case e.event ->> 'event_type'
            when 'deploy.requested' then 'deploy' when 'deploy.completed' then 'release' else 'alert'
        end as kind
    ) d
    left join lateral (
        select p.slack_channel_id, p.slack_ts from ops.deliveries p
        where p.event_id = asked.card_id and p.kind = 'post' and p.thread_delivery_id is null and p.digest_id is null and p.status = 'sent'
        order by exists (select from ops.deliveries n where n.continues_delivery_id = p.delivery_id), p.position limit 1
    ) m on true
    -- Which in the queue it is, and behind which deploy, as it is now.
    left join lateral (
        select jsonb_build_object(
            'nth', 1 + count(*) filter (where a.phase = 'queued') over (), 'release', a.release, 'by', a.state -> 'requested'
        ) as place
        from ops.cards a
        where c.kind = 'deploy' and c.phase = 'queued' and a.kind = 'deploy' and a.service = c.service and a.environment = c.environment
            and (
                a.phase in ('requested', 'approved', 'started')
                or a.phase = 'queued' and (a.created_at, a.card_id) < (c.created_at, c.card_id)
            )
        order by a.phase = 'queued' desc, a.created_at desc, a.card_id desc limit 1
    ) b on true
    where c.card_id is not null
        or e.event_id is not null and exists (select from ops.event_dispatches s where s.event_id = asked.card_id)
$$;

revoke all on function ops.card_json_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.card_json_v1(uuid) is 'A card as JSON. Called by card_for_event_v1, claim_deliveries_v1, settle_envelope_v1 and the stories.';
