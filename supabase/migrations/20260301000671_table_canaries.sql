-- One row per canary: a message to Slack that must come back as an event. It is no delivery: posted once at most and never again, it
-- is in no doubt, because one that is lost is a measurement that failed. All times are the database's.
create table if not exists ops.canaries (
    canary_id uuid primary key default gen_random_uuid(),
    channel text not null,
    asked_at timestamptz not null default clock_timestamp(),
    -- A dispatcher has it and posts it.
    claimed_at timestamptz,
    claimed_by text,
    -- Slack has taken it; it may have come back before its ok did.
    posted_at timestamptz,
    slack_channel_id text,
    slack_ts text,
    -- Nobody took it, or Slack did not: in a word, and in words.
    failed_at timestamptz,
    failed_reason text,
    failed_error text,
    -- When its envelope was recorded, under which id, and by which transport.
    came_back_at timestamptz,
    envelope_id text,
    transport text,
    -- It was not back in time; it may come late.
    missed_at timestamptz,
    -- Its message was given up to be deleted, so that the channel stays readable.
    tidied_at timestamptz,
    constraint who_claims_is_known check ((claimed_at is null) = (claimed_by is null)),
    constraint what_is_posted_was_claimed check (posted_at is null or claimed_at is not null),
    constraint what_is_posted_has_a_place check (
        (posted_at is null) = (slack_channel_id is null) and (posted_at is null) = (slack_ts is null)
    ),
    constraint what_failed_says_why check ((failed_at is null) = (failed_reason is null)),
    constraint what_failed_is_not_posted check (failed_at is null or posted_at is null),
    constraint what_came_back_was_claimed check (came_back_at is null or claimed_at is not null),
    constraint what_came_back_came_in_an_envelope check (
        (came_back_at is null) = (envelope_id is null) and (came_back_at is null) = (transport is null)
    ),
    constraint what_is_missed_was_posted check (missed_at is null or posted_at is not null),
    constraint what_is_tidied_was_posted check (tidied_at is null or posted_at is not null)
);

alter table ops.canaries enable row level security;
revoke all on table ops.canaries from public, anon, authenticated, service_role;
comment on table ops.canaries is 'The canaries of the last week and what became of each. Written by tend_canary_v1, claim_canary_v1, settle_canary_v1 and hear_canary_v1.';
