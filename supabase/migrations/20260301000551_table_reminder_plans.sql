-- When an alert reminds next. A round begins when its message is sent, when it is snoozed (then at the end of that), and when it is open
-- again. due_at is null while there is nothing to remind of: no message yet, no longer open, or all was said.
create table if not exists ops.reminder_plans (
    card_id uuid primary key references ops.cards (card_id) on delete cascade,
    -- As its router has read it; null where that was before there were reminders.
    severity text,
    -- How many were queued in this round, and in all.
    in_round integer not null default 0,
    queued integer not null default 0,
    due_at timestamptz,
    -- The round began with a snooze: its first reminder tells who snoozed that it is over.
    after_snooze boolean not null default false,
    constraint severity_is_known check (severity in ('info', 'warning', 'error', 'critical')),
    constraint a_round_is_a_part_of_all check (in_round between 0 and queued)
);

create index if not exists reminder_plans_due on ops.reminder_plans (due_at) where due_at is not null;

alter table ops.reminder_plans enable row level security;
revoke all on table ops.reminder_plans from public, anon, authenticated, service_role;
comment on table ops.reminder_plans is 'When each alert reminds next. Written by open_cards_v1, begin_reminders_v1, remind_of_alert_v1 and, when its card changes, follow_card_with_reminders_v1.';
