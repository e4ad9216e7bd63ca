-- Queues the note that a deploy's turn has come, in the thread of its first message. It calls whom the route of the message calls, and
-- where it waits for approvals, the first user group of those who may give them.
create or replace function ops.queue_turn_note_v1(turn ops.cards)
returns uuid
language sql
volatile
set search_path = ''
as $$
    select ops.queue_in_thread_v1(m.message, 'turn', 'its turn has come', coalesce((m.message).mention, case turn.phase when 'requested' then (
        select a.approver from ops.services s cross join lateral unnest(s.approvers) with ordinality a (approver, nth)
        where s.service = turn.service and a.approver like 'S%' order by a.nth limit 1
    ) end))
    from (
        select p as message from ops.messages_of_card_v1(turn.card_id) p where p.status <> 'dead' order by p.position limit 1
    ) m
$$;

revoke all on function ops.queue_turn_note_v1(ops.cards) from public, anon, authenticated, service_role;
comment on function ops.queue_turn_note_v1(ops.cards) is 'Queues the note of a turn; its id, null when there is no message. Called by follow_turn_v1.';
