-- The channels that deliveries were made for, each with the ID that Slack gave it, where it is known.
create or replace function ops.posted_channels_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'slack_channel_id', c.slack_channel_id) order by c.channel), '[]')
    from ops.slack_channels c
$$;

revoke all on function ops.posted_channels_v1() from public, anon, authenticated;
grant execute on function ops.posted_channels_v1() to service_role;
comment on function ops.posted_channels_v1() is 'The channels that pulser posts to, with their IDs. Called by `pulser ledger verify`.';
