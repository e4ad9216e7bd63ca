-- Which channel a name or an ID is: "#name" and "C…" may be one, which is known once Slack has taken a post by that name.
create or replace function ops.channel_place_v1(channel text)
returns text
language sql
stable
set search_path = ''
as $$
    select coalesce(
        (select s.slack_channel_id from ops.slack_channels s where s.channel = channel_place_v1.channel), channel_place_v1.channel
    )
$$;

revoke all on function ops.channel_place_v1(text) from public, anon, authenticated, service_role;
comment on function ops.channel_place_v1(text) is 'The ID of a channel where the ledger knows it, else its name. Called by record_deliveries_v1.';
