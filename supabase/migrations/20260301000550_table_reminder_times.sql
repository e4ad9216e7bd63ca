-- When an alert that nobody acknowledges reminds, by its severity; a severity that is not here reminds of nothing. These are the
-- times of an installation that says nothing of its own (pulser.yaml, `reminders`).
create table if not exists ops.reminder_times (
    severity text primary key,
    after_min integer not null,
    every_min integer not null,
    at_most integer not null,
    constraint severity_is_known check (severity in ('info', 'warning', 'error', 'critical')),
    constraint reminders_are_minutes_apart check (after_min between 1 and 1440 and every_min between 1 and 1440),
    constraint reminders_come_to_an_end check (at_most between 1 and 20)
);

alter table ops.reminder_times enable row level security;
revoke all on table ops.reminder_times from public, anon, authenticated, service_role;
comment on table ops.reminder_times is 'After how many minutes an alert of a severity reminds, and how often. Written by apply_reminder_times_v1.';

insert into ops.reminder_times (severity, after_min, every_min, at_most) values ('critical', 5, 5, 6), ('error', 15, 15, 6)
on conflict (severity) do nothing;
