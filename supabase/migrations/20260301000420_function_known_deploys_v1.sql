-- The newest news of a deployment of a service and the releases before it, three at most, the newest first; in one environment, or
-- where none is named in any. [{"what", "version", "environment", "url", "at", "by": a person as a card's state has him, "actor"}]
create or replace function ops.known_deploys_v1(service text, environment text)
returns jsonb
language sql
stable
set search_path = ''
as $$
    with newest as materialized (
        select s.event_id, s.recorded_at, s.card_id from (
            (
                select c.card_id as event_id from ops.cards c
                where c.service = known_deploys_v1.service and c.kind = 'release'
                    and (known_deploys_v1.environment is null or coalesce(c.environment, known_deploys_v1.environment) = known_deploys_v1.environment)
                order by c.created_at desc limit 3
            )
            union
            (
                select f.event_id from ops.service_facts f
                where f.service = known_deploys_v1.service and f.aspect = 'deploy'
                    and (known_deploys_v1.environment is null or f.environment in (known_deploys_v1.environment, ''))
                order by f.position desc limit 1
            )
        ) d
        join ops.event_dispatches s on s.event_id = d.event_id
        order by s.position desc limit 3
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'what', split_part(r.event ->> 'event_type', '.', 2), 'version', left(r.event #>> '{payload,version}', 300),
        'environment', left(r.event #>> '{payload,environment}', 300), 'url', left(r.event #>> '{payload,url}', 3000),
        'at', n.recorded_at, 'actor', left(r.event ->> 'actor', 300),
        -- Who asked for it in Slack; not for the rollback of it, whose result the card has then.
        'by', case when k.release = r.event #>> '{payload,version}'
            and not (k.state ? 'rollback' and k.state #>> '{result,event_id}' = n.event_id::text) then k.state -> 'requested' end
    ) order by n.recorded_at desc), '[]')
    from newest n
    join ops.read_events_v1(array(select i.event_id from newest i)) r on r.event_id = n.event_id
    left join ops.cards k on k.card_id = n.card_id and k.kind = 'deploy'
$$;

revoke all on function ops.known_deploys_v1(text, text) from public, anon, authenticated, service_role;
comment on function ops.known_deploys_v1(text, text) is 'The last deployments of a service. Called by known_of_card_v1.';
