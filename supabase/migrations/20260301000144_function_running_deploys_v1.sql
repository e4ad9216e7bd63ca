create or replace function ops.running_deploys_v1(service text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'card_id', c.card_id, 'service', c.service, 'environment', c.environment, 'version', c.release, 'phase', c.phase,
        'requested', coalesce(
            c.state -> 'requested',
            -- One that a deployer began by himself.
            case when c.state ? 'started' then jsonb_build_object('user', c.state #>> '{started,actor}', 'at', c.state #>> '{started,at}') end
        ),
        -- How long it is in this phase: not since it was asked for, once it was approved or its hook has accepted it; and to wait for its
        -- turn was not its own time.
        'since', coalesce(
            case when c.phase <> 'requested' then (c.state #>> '{hook,at}')::timestamptz end, (c.state #>> '{queue,turn,at}')::timestamptz, c.created_at
        ),
        'hook', c.state #>> '{hook,status}', 'decision', c.state #>> '{approval,decision}', 'queued', (
            select count(*) from ops.cards q
            where q.kind = 'deploy' and q.phase = 'queued' and q.service = c.service and q.environment = c.environment
        ), 'channel', m.slack_channel_id, 'ts', m.slack_ts
    ) order by c.created_at), '[]')
    from ops.cards c
    left join lateral (
        select p.slack_channel_id, p.slack_ts from ops.deliveries p
        where p.event_id = c.card_id and p.kind = 'post' and p.thread_delivery_id is null and p.status = 'sent' order by p.position limit 1
    ) m on true
    where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
        and (running_deploys_v1.service is null or c.service = running_deploys_v1.service)
$$;

revoke all on function ops.running_deploys_v1(text) from public, anon, authenticated;
grant execute on function ops.running_deploys_v1(text) to service_role;
comment on function ops.running_deploys_v1(text) is 'Who deploys a service (null: any) right now. Called by command-handler, action-handler and service_status_v1.';
