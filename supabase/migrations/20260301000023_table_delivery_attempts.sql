-- Each try at a delivery, be it a post, a probe of Slack's history, an update or a hook: what `pulser ledger show` and the page tell.
create table if not exists ops.delivery_attempts (
    delivery_id uuid not null references ops.deliveries (delivery_id) on delete cascade,
    claim_token uuid not null,
    attempt integer not null,
    purpose text not null,
    worker text not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    outcome text,
    reason text,
    error text,
    primary key (delivery_id, claim_token),
    constraint purpose_is_known check (purpose in ('post', 'probe', 'update', 'hook')),
    constraint outcome_is_known check (
        outcome in ('sent', 'adopted', 'failed', 'in_doubt', 'dead', 'absent', 'unknown', 'lease_expired')
    ),
    constraint an_ended_attempt_has_an_outcome check ((ended_at is null) = (outcome is null))
);

alter table ops.delivery_attempts enable row level security;
revoke all on table ops.delivery_attempts from public, anon, authenticated, service_role;
comment on table ops.delivery_attempts is 'Each try at a delivery. Written by claim_deliveries_v1 and settle_delivery_v1.';
