-- When each alarm was last raised: it is news once in ten minutes, however many relays see the same trouble.
create table if not exists ops.relay_alarms (
    reason text primary key,
    raised_at timestamptz not null default clock_timestamp(),
    worker text,
    detail text,
    constraint reason_is_named check (reason <> '')
);

alter table ops.relay_alarms enable row level security;
revoke all on table ops.relay_alarms from public, anon, authenticated, service_role;
comment on table ops.relay_alarms is 'The newest alarm of the relays for each reason. Written by raise_relay_alarm_v1.';
