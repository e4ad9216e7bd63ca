-- Queues the note that somebody else has withdrawn a deploy, in the thread of its first message: it calls who asked for it, for a message
-- that changes in place calls nobody.
create or replace function ops.queue_withdrawn_note_v1(gone ops.cards)
returns uuid
language sql
volatile
set search_path = ''
as $$
    select ops.queue_in_thread_v1(m.message, 'withdrawn', 'somebody else withdrew it') from (
        select p as message from ops.messages_of_card_v1(gone.card_id) p where p.status <> 'dead' order by p.position limit 1
    ) m
    where gone.phase = 'rejected' and gone.state #>> '{requested,user}' <> gone.state #>> '{approval,by,user}'
$$;

revoke all on function ops.queue_withdrawn_note_v1(ops.cards) from public, anon, authenticated, service_role;
comment on function ops.queue_withdrawn_note_v1(ops.cards) is 'Queues the note of a withdrawal by another; its id, null for the requester''s own. Called by leave_queue_v1.';
