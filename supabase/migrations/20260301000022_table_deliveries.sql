-- The outbox. A delivery is one effect outside: a post, an update of a post, or a call of a deploy hook. It is claimed with a
-- token and a lease, and settled once.
-- queued → sending → sent | in_doubt | failed | dead; in_doubt → sent (adopted) | queued; failed → sending when due.
create table if not exists ops.deliveries (
    delivery_id uuid primary key default gen_random_uuid(),
    position bigint generated always as identity,
    kind text not null default 'post',
    event_id uuid not null references ops.event_dispatches (event_id),
    route text not null,
    -- Why the route took the event, in words, as it was when it did: routes change.
    why text,
    channel text not null,
    mention text,
    status text not null default 'queued',
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default clock_timestamp(),
    retry_until timestamptz not null default clock_timestamp() + interval '24 hours',
    claim_token uuid,
    claimed_by text,
    lease_until timestamptz,
    -- When the first post that may be in Slack was claimed: where the search in the history begins.
    doubtful_since timestamptz,
    reason text,
    error text,
    adopted boolean not null default false,
    slack_channel_id text,
    slack_ts text,
    -- An update: the post whose message it changes to the card's newest state. card_version: what was sent of it.
    card_id uuid references ops.cards (card_id),
    target_delivery_id uuid references ops.deliveries (delivery_id),
    card_version integer,
    -- An update: until when a try that broke off may still land at Slack, after a newer one.
    may_land_until timestamptz,
    -- A post in a thread: the post in whose message's thread it stands, and which part of the thread it is.
    thread_delivery_id uuid references ops.deliveries (delivery_id),
    thread_part text,
    -- A post: the one whose message it continues, which Slack lets nobody change any more.
    continues_delivery_id uuid references ops.deliveries (delivery_id),
    -- A post that may wait in a digest with others when its channel's pace is spent, and as what it is counted there. Without a type:
    -- it never does.
    fold_type text,
    fold_service text,
    may_fold boolean not null generated always as (fold_type is not null) stored,
    -- The post that tells of it, when that is a digest. A digest names itself here, and an update of one its target.
    digest_id uuid references ops.deliveries (delivery_id),
    -- A digest: whether an open alert was in it when it was posted. An edit notifies nobody, so only such a one takes more alerts in.
    rang_for_alert boolean not null default false,
    in_digest boolean not null generated always as (kind = 'post' and digest_id is not null and digest_id <> delivery_id) stored,
    -- A call of a hook: {"hook", "service", "action", "inputs"}. Its channel is hook:<service>.
    hook jsonb,
    created_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz,
    dead_at timestamptz,
    constraint kind_is_known check (kind in ('post', 'update', 'hook')),
    constraint only_a_hook_has_a_hook check ((kind = 'hook') = (hook is not null)),
    constraint an_update_has_its_message check ((kind = 'update') = (target_delivery_id is not null)),
    constraint updates_and_hooks_are_of_a_card_or_a_digest check (kind = 'post' or card_id is not null or digest_id is not null),
    constraint only_a_post_of_its_own_without_a_mention_may_fold check (
        fold_type is null or (kind = 'post' and thread_delivery_id is null and mention is null)
    ),
    constraint a_digest_has_what_may_fold check (kind <> 'post' or digest_id is null or fold_type is not null),
    constraint an_update_of_a_digest_changes_its_message check (kind <> 'update' or digest_id is null or digest_id = target_delivery_id),
    constraint a_hook_is_of_no_digest check (kind <> 'hook' or digest_id is null),
    constraint what_is_queued_is_in_no_digest check (status <> 'queued' or not in_digest),
    constraint only_a_post_stands_in_a_thread check (thread_delivery_id is null or kind = 'post'),
    constraint what_stands_in_a_thread_is_of_a_card check (thread_delivery_id is null or card_id is not null),
    constraint what_stands_in_a_thread_says_its_part check ((thread_part is null) = (thread_delivery_id is null)),
    constraint thread_part_is_known check (thread_part in ('briefing', 'details', 'reminder', 'turn', 'withdrawn')),
    constraint only_a_message_of_its_own_continues_another check (
        continues_delivery_id is null or kind = 'post' and thread_delivery_id is null
    ),
    constraint only_a_post_is_in_doubt check (status <> 'in_doubt' or kind = 'post'),
    constraint status_is_known check (status in ('queued', 'sending', 'sent', 'in_doubt', 'failed', 'dead')),
    constraint a_claim_has_a_lease check ((claim_token is null) = (lease_until is null)),
    constraint sending_is_claimed check (status <> 'sending' or claim_token is not null),
    constraint only_sending_and_in_doubt_are_claimed check (claim_token is null or status in ('sending', 'in_doubt')),
    constraint sent_has_its_message check (
        (status = 'sent') = (sent_at is not null)
        and (kind = 'hook' or (status = 'sent') = (slack_ts is not null and slack_channel_id is not null))
    ),
    constraint trouble_has_a_reason check (status not in ('in_doubt', 'failed', 'dead') or reason is not null),
    constraint in_doubt_says_since_when check (status <> 'in_doubt' or doubtful_since is not null),
    constraint only_sent_is_adopted check (not adopted or status = 'sent'),
    constraint dead_says_since_when check ((status = 'dead') = (dead_at is not null))
);

-- An event stands once in a channel, whatever routes lead there (invariant 4), but for messages that continue another.
create unique index if not exists one_post_per_event_and_channel on ops.deliveries (event_id, channel)
where kind = 'post' and thread_delivery_id is null and continues_delivery_id is null;
create unique index if not exists one_briefing_per_message on ops.deliveries (thread_delivery_id) where thread_part = 'briefing';
create index if not exists deliveries_in_thread on ops.deliveries (thread_delivery_id) where thread_delivery_id is not null;
create index if not exists deliveries_of_event on ops.deliveries (event_id);
-- What waits for a message is one update: it shows the newest state when it is sent.
create unique index if not exists one_open_update_per_message on ops.deliveries (target_delivery_id)
where kind = 'update' and status in ('queued', 'sending', 'failed');

create index if not exists deliveries_of_digest on ops.deliveries (digest_id) where digest_id is not null;

create unique index if not exists deliveries_position on ops.deliveries (position);
-- Two queues in a channel: what may not fold goes first.
create index if not exists deliveries_open on ops.deliveries (channel, may_fold, position)
where status in ('queued', 'sending', 'in_doubt', 'failed');
create index if not exists deliveries_due on ops.deliveries (kind, next_attempt_at)
where kind <> 'post' and status in ('queued', 'failed');
create index if not exists deliveries_in_doubt on ops.deliveries (next_attempt_at) where status = 'in_doubt' and not in_digest;
create index if not exists deliveries_claimed on ops.deliveries (lease_until) where claim_token is not null and not in_digest;
-- Whose message this is, for who has its link.
create index if not exists deliveries_message on ops.deliveries (slack_ts, slack_channel_id) where kind = 'post' and slack_ts is not null;
create index if not exists deliveries_dead on ops.deliveries (dead_at) where status = 'dead';

alter table ops.deliveries enable row level security;
revoke all on table ops.deliveries from public, anon, authenticated, service_role;
comment on table ops.deliveries is 'The outbox: one row per post, update of a post, or call of a deploy hook. Filled by record_deliveries_v1 and settle_envelope_v1, drained by notify-dispatch.';
