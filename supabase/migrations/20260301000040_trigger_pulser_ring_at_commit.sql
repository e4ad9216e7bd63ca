-- Deferred to the commit, so that a long transaction rings when its events can be seen, not before.
drop trigger if exists pulser_ring_at_commit on ops.event_dispatches;
create constraint trigger pulser_ring_at_commit
after insert on ops.event_dispatches
deferrable initially deferred
for each row when (new.first_of_statement and new.status = 'pending')
execute function ops.ring_at_commit_v1();
