-- One websocket connection to Slack, held by lease: connecting → live → retiring → ended, never back.
-- Up-time is what stands here: the union of the intervals from hello_at to alive_until.
create table if not exists ops.relay_sessions (
    session_id uuid primary key,
    worker text not null,
    state text not null default 'connecting',
    replaces uuid,
    claimed_at timestamptz not null default clock_timestamp(),
    lease_until timestamptz not null,
    -- When the run of a bounded worker ends; null: it goes on.
    runs_until timestamptz,
    hello_at timestamptz,
    alive_until timestamptz,
    approximate_connection_s double precision,
    num_connections integer,
    host text,
    app_id text,
    envelopes bigint not null default 0,
    ended_at timestamptz,
    end_reason text,
    constraint worker_is_named check (worker <> ''),
    constraint state_is_known check (state in ('connecting', 'live', 'retiring', 'ended')),
    constraint a_live_session_said_hello check (state <> 'live' or hello_at is not null),
    constraint who_said_hello_is_alive_for_a_time check ((hello_at is null) = (alive_until is null)),
    constraint life_begins_with_the_hello check (alive_until >= hello_at),
    constraint ended_says_since_when check ((state = 'ended') = (ended_at is not null)),
    constraint ended_says_why check ((state = 'ended') = (end_reason is not null)),
    constraint nothing_replaces_itself check (replaces <> session_id),
    constraint envelopes_are_counted check (envelopes >= 0)
);

create index if not exists relay_sessions_open on ops.relay_sessions (claimed_at) where state <> 'ended';
create index if not exists relay_sessions_ended on ops.relay_sessions (ended_at);
create index if not exists relay_sessions_hello on ops.relay_sessions (hello_at);

alter table ops.relay_sessions enable row level security;
revoke all on table ops.relay_sessions from public, anon, authenticated, service_role;
comment on table ops.relay_sessions is 'Each connection of a relay to Slack, with its lease and its up-time. Written by claim_relay_session_v1 and report_relay_sessions_v1.';
