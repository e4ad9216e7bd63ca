-- Version 0 is a card of an event from before the cards: nothing was fixed when it was asked for.
create or replace trigger prepare_deploy
before insert on ops.cards
for each row when (new.kind = 'deploy' and new.phase in ('requested', 'queued') and new.version > 0)
execute function ops.prepare_deploy_v1();
