create or replace trigger reminders_follow_card
after update on ops.cards
for each row when (
    new.kind = 'alert'
    and (old.phase is distinct from new.phase or old.state -> 'snoozed' is distinct from new.state -> 'snoozed')
)
execute function ops.follow_card_with_reminders_v1();
