-- A reminder of an alert, beside the delivery that posts it into the thread. One that is not wanted any more goes with its delivery.
create table if not exists ops.reminders (
    delivery_id uuid primary key references ops.deliveries (delivery_id) on delete cascade,
    card_id uuid not null references ops.cards (card_id) on delete cascade,
    -- The how-many-th of the card it is.
    step integer not null,
    -- Its snooze was over: whoever snoozed is told.
    after_snooze boolean not null,
    queued_at timestamptz not null default clock_timestamp(),
    constraint reminders_are_counted check (step >= 1),
    constraint one_reminder_per_step unique (card_id, step)
);

alter table ops.reminders enable row level security;
revoke all on table ops.reminders from public, anon, authenticated, service_role;
comment on table ops.reminders is 'The reminders of each alert. Written by remind_of_alert_v1.';
