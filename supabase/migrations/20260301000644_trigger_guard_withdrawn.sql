create or replace trigger guard_withdrawn
before update of phase on ops.cards
for each row when (new.kind = 'deploy' and old.phase = 'queued' and new.phase = 'rejected')
execute function ops.guard_withdrawn_v1();
