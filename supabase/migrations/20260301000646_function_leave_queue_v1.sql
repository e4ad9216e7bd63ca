-- A deploy leaves the queue: those that asked after it stand further ahead now, and their messages say so. The new version is for the message
-- alone: it is as old as before, so it expires when it would have. One that is locked is being changed by somebody whose change shows it anew,
-- and to wait for him while he waits for us would end neither. An error keeps no deploy from leaving.
create or replace function ops.leave_queue_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    waiting uuid;
begin
    for waiting in
        select q.card_id from ops.cards q
        where q.kind = 'deploy' and q.phase = 'queued' and q.service = new.service and q.environment = new.environment
            and (q.created_at, q.card_id) > (new.created_at, new.card_id)
        order by q.created_at, q.card_id
        for no key update skip locked
    loop
        update ops.cards c set version = c.version + 1 where c.card_id = waiting;
        perform ops.refresh_card_v1(waiting);
    end loop;
    perform ops.queue_withdrawn_note_v1(new);
    return null;
exception
    when others then
        raise warning 'pulser: nobody was told that the deploy % left the queue: % %', new.card_id, sqlstate, sqlerrm;
        return null;
end;
$$;

revoke all on function ops.leave_queue_v1() from public, anon, authenticated, service_role;
comment on function ops.leave_queue_v1() is 'Shows those that wait their new places, and tells whose deploy was withdrawn. Called by the trigger leave_queue on ops.cards.';
