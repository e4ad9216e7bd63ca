drop trigger if exists line_up on ops.cards;
create constraint trigger line_up
after insert on ops.cards
deferrable initially deferred
for each row when (new.kind = 'deploy' and new.phase = 'queued')
execute function ops.pass_turn_v1();
