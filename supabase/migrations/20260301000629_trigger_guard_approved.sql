-- At the commit: the last vote and the new phase are of one transaction, in whichever order.
drop trigger if exists guard_approved on ops.cards;
create constraint trigger guard_approved
after insert or update of phase on ops.cards
deferrable initially deferred
for each row when (new.kind = 'deploy' and new.phase = 'approved')
execute function ops.guard_approved_v1();
