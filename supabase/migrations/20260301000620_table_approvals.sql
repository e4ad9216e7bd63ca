-- Who approved a deploy, each once, and of which plan. A vote is never changed or taken back: who wants no deploy rejects it.
create table if not exists ops.approvals (
    card_id uuid not null references ops.cards (card_id) on delete cascade,
    approver text not null,
    name text,
    plan_hash text not null,
    team_id text not null,
    envelope_id text not null,
    at timestamptz not null default clock_timestamp(),
    constraint each_approver_votes_once primary key (card_id, approver),
    constraint an_approver_is_named check (approver <> ''),
    constraint a_plan_hash_is_sha256 check (plan_hash ~ '^[0-9a-f]{64}$')
);

alter table ops.approvals enable row level security;
revoke all on table ops.approvals from public, anon, authenticated, service_role;
comment on table ops.approvals is 'The approvals of each deploy that was asked for. Written by settle_envelope_v1; guard_approval_v1 and guard_approved_v1 keep the rules.';
