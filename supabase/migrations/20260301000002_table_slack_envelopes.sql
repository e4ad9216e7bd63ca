-- The ledger of what Slack sent, as the platform's contract C-20 fixes it. What pulser adds comes in 20260301000100: where this
-- version has been applied by the platform itself, this file does not run.
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

alter table ops.slack_envelopes enable row level security;
revoke all on table ops.slack_envelopes from public, anon, authenticated;
comment on table ops.slack_envelopes is 'What Slack sent: one row per envelope. Written by record_envelopes_v1 and the functions that claim and settle.';
