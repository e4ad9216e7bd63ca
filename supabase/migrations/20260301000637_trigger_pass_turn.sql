-- At the commit: its event stands after the one that tells how the deploy before it ended.
drop trigger if exists pass_turn on ops.cards;
create constraint trigger pass_turn
after update of phase on ops.cards
deferrable initially deferred
for each row when (
    new.kind = 'deploy' and old.phase in ('requested', 'approved', 'started') and new.phase not in ('requested', 'approved', 'started')
)
execute function ops.pass_turn_v1();
