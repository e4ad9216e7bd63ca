-- An alert fired again and is worse: it reminds as alerts of that severity do, and begins with that now where the former severity has
-- called nobody yet. Not while it is in hand or snoozed. The caller holds the card's row.
create or replace function ops.raise_reminders_v1(card_id uuid, severity text)
returns void
language sql
volatile
set search_path = ''
as $$
    insert into ops.reminder_plans as r (card_id, severity) values (raise_reminders_v1.card_id, raise_reminders_v1.severity)
    on conflict on constraint reminder_plans_pkey do update
    set severity = excluded.severity, due_at = case when r.in_round > 0 or r.after_snooze then r.due_at else (
        select clock_timestamp() + make_interval(mins => t.after_min)
        from ops.reminder_times t join ops.cards c on c.card_id = r.card_id
        where t.severity = excluded.severity and c.phase = 'open' and exists (
            select from ops.deliveries p
            where p.event_id = r.card_id and p.kind = 'post' and p.thread_delivery_id is null and p.digest_id is null and p.status = 'sent'
        )
    ) end
$$;

revoke all on function ops.raise_reminders_v1(uuid, text) from public, anon, authenticated, service_role;
comment on function ops.raise_reminders_v1(uuid, text) is 'Gives an alert that became worse the reminders of its new severity. Called by repeat_alert_v1.';
