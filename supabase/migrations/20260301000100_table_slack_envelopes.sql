-- What pulser needs beside the contract's columns: attempts and leases, the key of the logical event, the stored ack, the reply.
create table if not exists ops.slack_envelopes (
    id bigserial primary key,
    envelope_id text not null,
    team_id text not null,
    event_type text,
    payload jsonb,
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    status text not null default 'pending',
    last_error text,
    constraint status_is_known check (status in ('pending', 'processing', 'completed', 'failed')),
    constraint one_row_per_envelope unique (team_id, envelope_id)
);

alter table ops.slack_envelopes
    add column if not exists handler text,
    add column if not exists logical_key text,
    add column if not exists transport text not null default 'socket' constraint transport_is_known check (transport in ('socket', 'http')),
    add column if not exists app_id text,
    add column if not exists session_id uuid,
    add column if not exists retry_attempt integer,
    add column if not exists retry_reason text,
    add column if not exists recorded_at timestamptz not null default clock_timestamp(),
    add column if not exists recorded_by text,
    -- The same click or event under another envelope_id: its first row is what runs.
    add column if not exists duplicate_of bigint references ops.slack_envelopes (id) on delete cascade,
    add column if not exists duplicates integer not null default 0,
    -- A duplicate came in time to be acknowledged: Slack's user has seen no failure, whatever became of this row.
    add column if not exists twin_in_time boolean not null default false,
    add column if not exists attempts integer not null default 0,
    add column if not exists next_attempt_at timestamptz not null default clock_timestamp(),
    add column if not exists claim_token uuid constraint a_claim_has_a_lease check ((claim_token is null) = (lease_until is null)),
    add column if not exists claimed_by text,
    add column if not exists lease_until timestamptz,
    -- What was, or would have been, sent back with the acknowledgement: a duplicate gets the same (invariant 2).
    add column if not exists ack jsonb,
    -- The audit events that its settling wrote.
    add column if not exists event_ids uuid[],
    -- A private answer that is still to be given, and what became of it.
    add column if not exists reply jsonb,
    add column if not exists reply_status text constraint reply_status_is_known check (reply_status in ('due', 'sent', 'failed')),
    add column if not exists reply_attempts integer not null default 0,
    add column if not exists reply_due_at timestamptz constraint a_due_reply_says_when check (reply_status <> 'due' or reply_due_at is not null);

create unique index if not exists one_row_per_logical_event on ops.slack_envelopes (team_id, logical_key)
where logical_key is not null;
create unique index if not exists slack_envelopes_claimed on ops.slack_envelopes (claim_token) where claim_token is not null;
create index if not exists slack_envelopes_due on ops.slack_envelopes (handler, next_attempt_at)
where status = 'pending' and handler is not null;
create index if not exists slack_envelopes_leased on ops.slack_envelopes (lease_until) where claim_token is not null;
create index if not exists slack_envelopes_reply_due on ops.slack_envelopes (reply_due_at) where reply_status = 'due';
create index if not exists slack_envelopes_received on ops.slack_envelopes (received_at);
create index if not exists slack_envelopes_failed on ops.slack_envelopes (processed_at) where status = 'failed';
create index if not exists slack_envelopes_duplicates on ops.slack_envelopes (duplicate_of) where duplicate_of is not null;

alter table ops.slack_envelopes enable row level security;
revoke all on table ops.slack_envelopes from public, anon, authenticated;
revoke all on sequence ops.slack_envelopes_id_seq from public, anon, authenticated;
grant select on table ops.slack_envelopes to service_role;
comment on table ops.slack_envelopes is 'What Slack sent: one row per envelope. Written by record_envelopes_v1 and the functions that claim and settle.';
