-- The pace of each channel (invariant 7). Its row is the lock under which a channel's next message is chosen.
create table if not exists ops.slack_channels (
    channel text primary key,
    next_post_at timestamptz not null default '-infinity',
    slack_channel_id text,
    -- Whether the last post was one that may fold: then it is the turn of what may not, if anything of that waits.
    last_may_fold boolean not null default false,
    -- The digest that is the newest message there, as far as pulser knows. No reference: it may be pruned.
    digest_id uuid
);

alter table ops.slack_channels enable row level security;
revoke all on table ops.slack_channels from public, anon, authenticated, service_role;
comment on table ops.slack_channels is 'When each channel may get its next message. Written by record_, claim_ and settle_delivery functions.';
