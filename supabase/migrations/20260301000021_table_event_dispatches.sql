-- One row per event that pulser has seen: what became of it. The pending ones are notify-dispatch's work.
create table if not exists ops.event_dispatches (
    event_id uuid primary key,
    position bigint generated always as identity,
    status text not null default 'pending',
    -- One row of each inserting statement is marked; the deferred trigger rings for that row alone.
    first_of_statement boolean not null default false,
    recorded_at timestamptz not null default clock_timestamp(),
    routed_at timestamptz,
    -- The card that tells of this event beside its own messages: the deploy that this result belongs to, the alert that fired again.
    card_id uuid,
    -- It fired again what the card stands for: the card's messages are its messages.
    is_repeat boolean not null default false,
    -- The silence that muted it.
    silence_id uuid,
    claim_token uuid,
    claimed_by text,
    lease_until timestamptz,
    constraint a_repeat_names_its_card check (card_id is not null or not is_repeat),
    constraint status_is_known check (status in ('pending', 'routed', 'unrouted', 'silenced')),
    constraint a_silenced_event_names_its_silence check (status <> 'silenced' or silence_id is not null),
    constraint only_a_silenced_event_names_a_silence check (silence_id is null or status in ('pending', 'silenced')),
    constraint only_a_pending_event_is_claimed check (status = 'pending' or claim_token is null),
    constraint a_claim_has_a_lease check ((claim_token is null) = (lease_until is null)),
    constraint routed_at_matches_status check ((status = 'pending') = (routed_at is null))
);

create index if not exists event_dispatches_pending on ops.event_dispatches (position) where status = 'pending';
create index if not exists event_dispatches_claimed on ops.event_dispatches (lease_until) where claim_token is not null;

alter table ops.event_dispatches enable row level security;
revoke all on table ops.event_dispatches from public, anon, authenticated, service_role;
comment on table ops.event_dispatches is 'What became of each event: pending, routed, unrouted or silenced. Filled by the trigger of platform_events and by reconcile_events_v1.';
