-- What a try at a post says of its channel: when the next may come, and under which ID Slack knows it.
create or replace function ops.note_channel_v1(settled ops.deliveries)
returns void
language sql
set search_path = ''
as $$
    -- From Slack's answer to the next claim, not from claim to claim: a slow answer must not bring two posts together.
    update ops.slack_channels c
    set next_post_at = greatest(c.next_post_at, clock_timestamp() + interval '1 second'),
        -- What comes after a digest ends its time: it is changed only while it is the newest message.
        digest_id = case
            when settled.status <> 'sent' or settled.thread_delivery_id is not null then c.digest_id else settled.digest_id
        end,
        -- An ID that leads nowhere is forgotten, also by the name that led to it: that may lead to a new channel.
        slack_channel_id = case
            when settled.reason in ('channel_not_found', 'is_archived') then null
            else coalesce(settled.slack_channel_id, c.slack_channel_id)
        end
    where settled.kind = 'post' and (
        c.channel = settled.channel
        or c.slack_channel_id = settled.channel and settled.reason in ('channel_not_found', 'is_archived')
    )
$$;

revoke all on function ops.note_channel_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.note_channel_v1(ops.deliveries) is 'Notes a channel''s pace and ID, and the digest that is its newest message, after a try at a post. Called by settle_delivery_v1.';
