-- The posts among these deliveries, the newest first: what the ledger says that stands in Slack; a briefing in the thread of the
-- message thread_ts. Unknown ids are left out.
create or replace function ops.find_posts_v1(delivery_ids uuid[])
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with found as materialized (
        select d.* from ops.deliveries d where d.delivery_id = any (find_posts_v1.delivery_ids) and d.kind = 'post'
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'delivery_id', f.delivery_id, 'event_type', e.event ->> 'event_type', 'channel', f.channel, 'status', f.status, 
        'thread_ts', (select t.slack_ts from ops.deliveries t where t.delivery_id = f.thread_delivery_id),
        'digest_id', f.digest_id, 'attempts', f.attempts, 'reason', f.reason, 'adopted', f.adopted,
        'slack_channel_id', f.slack_channel_id, 'slack_ts', f.slack_ts
    ) order by f.position desc), '[]')
    from found f
    left join ops.read_events_v1(array(select distinct i.event_id from found i)) e on e.event_id = f.event_id
$$;

revoke all on function ops.find_posts_v1(uuid[]) from public, anon, authenticated;
grant execute on function ops.find_posts_v1(uuid[]) to service_role;
comment on function ops.find_posts_v1(uuid[]) is 'The posts among these deliveries. Called by `pulser ledger verify` and list_posts_v1.';
