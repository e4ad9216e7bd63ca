-- What a change of an alert means for its reminders, in the transaction that changes it: whoever acknowledges, snoozes or resolves it
-- takes back what waits. A snooze begins a round that is due at its end; being open again begins one, too.
create or replace function ops.follow_card_with_reminders_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform ops.void_reminders_v1(new.card_id);
    if new.phase <> 'open' then
        update ops.reminder_plans r set due_at = null where r.card_id = new.card_id;
    elsif (new.state #>> '{snoozed,until}')::timestamptz > clock_timestamp() then
        insert into ops.reminder_plans (card_id, due_at, after_snooze)
        values (new.card_id, (new.state #>> '{snoozed,until}')::timestamptz, true)
        on conflict (card_id) do update set due_at = excluded.due_at, after_snooze = true, in_round = 0;
    else
        update ops.reminder_plans r
        set in_round = 0, after_snooze = false, due_at = (
            select clock_timestamp() + make_interval(mins => t.after_min) from ops.reminder_times t where t.severity = r.severity
        )
        where r.card_id = new.card_id;
    end if;
    return null;
end;
$$;

revoke all on function ops.follow_card_with_reminders_v1() from public, anon, authenticated, service_role;
comment on function ops.follow_card_with_reminders_v1() is 'Takes back and plans the reminders of a changed alert. Called by the trigger reminders_follow_card on ops.cards.';
