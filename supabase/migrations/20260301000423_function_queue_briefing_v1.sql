-- Queues the briefing of an alert that somebody investigates: a post in the thread of the card's message, of the one in this channel
-- where there is one. It waits until that message stands in Slack; where the ledger knows none, or only dead ones, there is no thread
-- and no briefing. A message has one at most. What it tells is read when it is claimed.
create or replace function ops.queue_briefing_v1(card_id uuid, channel text)
returns uuid
language sql
volatile
set search_path = ''
as $$
    select ops.queue_in_thread_v1(m.message, 'briefing', 'somebody investigates') from (
        select p as message from ops.messages_of_card_v1(queue_briefing_v1.card_id) p
        left join ops.slack_channels c on c.channel = p.channel
        where p.status <> 'dead'
        order by queue_briefing_v1.channel in (p.slack_channel_id, c.slack_channel_id, p.channel) is not true, p.position
        limit 1
    ) m
$$;

revoke all on function ops.queue_briefing_v1(uuid, text) from public, anon, authenticated, service_role;
comment on function ops.queue_briefing_v1(uuid, text) is 'Queues the briefing in the thread of a card''s message; its id, null when there is no thread. Called by carry_out_v1.';
