-- A new alert's plan: it says how bad the alert is, and is not due before the message stands in Slack.
create or replace function ops.plan_reminders_v1(card_id uuid, severity text)
returns void
language sql
volatile
set search_path = ''
as $$
    insert into ops.reminder_plans (card_id, severity)
    select c.card_id, plan_reminders_v1.severity from ops.cards c
    where c.card_id = plan_reminders_v1.card_id and c.kind = 'alert' and plan_reminders_v1.severity is not null
    on conflict (card_id) do nothing
$$;

revoke all on function ops.plan_reminders_v1(uuid, text) from public, anon, authenticated, service_role;
comment on function ops.plan_reminders_v1(uuid, text) is 'Makes the plan of an alert''s reminders. Called by attach_event_v1.';
