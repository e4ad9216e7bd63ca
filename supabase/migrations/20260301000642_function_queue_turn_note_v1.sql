-- Queues the note that a deploy's turn has come, in the thread of its first message. It calls whom the route of the message calls, and
-- where it waits for approvals, the first user group of those who may give them.
create or replace function ops.queue_turn_note_v1(turn ops.cards)
returns uuid
language sql
volatile
set search_path = ''
as $$
    insert into ops.deliveries (event_id, route, why, channel, mention, card_id, thread_delivery_id, thread_part)
    select p.event_id, 'card', 'its turn has come', p.channel, coalesce(p.mention, case turn.phase when 'requested' then (
        select a.approver from ops.services s cross join lateral unnest(s.approvers) with ordinality a (approver, nth)
        where s.service = turn.service and a.approver like 'S%' order by a.nth limit 1
    ) end), turn.card_id, p.delivery_id, 'turn'
    from ops.messages_of_card_v1(turn.card_id) p
    where p.status <> 'dead'
    order by p.position limit 1
    returning delivery_id
$$;

revoke all on function ops.queue_turn_note_v1(ops.cards) from public, anon, authenticated, service_role;
comment on function ops.queue_turn_note_v1(ops.cards) is 'Queues the note of a turn; its id, null when there is no message. Called by follow_turn_v1.';
