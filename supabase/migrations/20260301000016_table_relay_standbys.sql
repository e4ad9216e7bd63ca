-- Relays that would hold a connection and have none, because two are held already: one that holds both gives them one.
-- Then the death of a relay costs one connection, not all.
create table if not exists ops.relay_standbys (
    worker text primary key,
    asked_at timestamptz not null default clock_timestamp(),
    constraint worker_is_named check (worker <> '')
);

alter table ops.relay_standbys enable row level security;
revoke all on table ops.relay_standbys from public, anon, authenticated, service_role;
comment on table ops.relay_standbys is 'Relays without a connection that asked for one. Written by claim_relay_session_v1.';
