-- The deliveries of which it was told that nobody knows whether they are in Slack: each doubt is told once, and one channel's not each.
create table if not exists ops.told_doubts (
    delivery_id uuid primary key references ops.deliveries (delivery_id) on delete cascade,
    channel text not null,
    reason text not null,
    told_at timestamptz not null default clock_timestamp()
);

create index if not exists told_doubts_of_channel on ops.told_doubts (channel, told_at);

alter table ops.told_doubts enable row level security;
revoke all on table ops.told_doubts from public, anon, authenticated, service_role;
comment on table ops.told_doubts is 'Doubts that outlived their delivery''s time, and when that was told. Written and read by announce_doubt_v1.';
