-- Queues the note that somebody else has withdrawn a deploy, in the thread of its first message: it calls who asked for it, for a message
-- that changes in place calls nobody.
create or replace function ops.queue_withdrawn_note_v1(gone ops.cards)
returns uuid
language sql
volatile
set search_path = ''
as $$
    insert into ops.deliveries (event_id, route, why, channel, card_id, thread_delivery_id, thread_part)
    select p.event_id, 'card', 'somebody else withdrew it', p.channel, gone.card_id, p.delivery_id, 'withdrawn'
    from ops.messages_of_card_v1(gone.card_id) p
    where p.status <> 'dead' and gone.phase = 'rejected' and gone.state #>> '{requested,user}' <> gone.state #>> '{approval,by,user}'
    order by p.position limit 1
    returning delivery_id
$$;

revoke all on function ops.queue_withdrawn_note_v1(ops.cards) from public, anon, authenticated, service_role;
comment on function ops.queue_withdrawn_note_v1(ops.cards) is 'Queues the note of a withdrawal by another; its id, null for the requester''s own. Called by leave_queue_v1.';
