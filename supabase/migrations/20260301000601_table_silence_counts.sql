-- How many events of a type a silence has muted: counted with each, so that its end need not read them all again.
create table if not exists ops.silence_counts (
    silence_id uuid not null references ops.silences (silence_id) on delete cascade,
    event_type text not null,
    events bigint not null,
    primary key (silence_id, event_type),
    constraint what_is_counted_was_there check (events > 0)
);

alter table ops.silence_counts enable row level security;
revoke all on table ops.silence_counts from public, anon, authenticated, service_role;
comment on table ops.silence_counts is 'Muted events by silence and type. Written by mute_events_v1.';
