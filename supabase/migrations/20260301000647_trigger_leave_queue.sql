-- At the commit, after the card's own change.
drop trigger if exists leave_queue on ops.cards;
create constraint trigger leave_queue
after update of phase on ops.cards
deferrable initially deferred
for each row when (new.kind = 'deploy' and old.phase = 'queued' and new.phase <> 'queued')
execute function ops.leave_queue_v1();
