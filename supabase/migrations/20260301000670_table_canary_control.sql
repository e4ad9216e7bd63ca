-- The canary's switch, in one row: where it is posted (null: it is off), how often, and since when nothing came back though Slack took
-- it. Who asks for canaries, or takes one that came back, has the row locked.
create table if not exists ops.canary_control (
    only_row boolean primary key default true,
    channel text,
    every_s integer not null default 300,
    changed_at timestamptz not null default clock_timestamp(),
    changed_by text,
    deaf_since timestamptz,
    constraint there_is_one_row check (only_row),
    constraint channel_is_named check (channel <> ''),
    constraint every_is_between_a_minute_and_a_day check (every_s between 60 and 86400),
    constraint who_sends_no_canary_is_not_deaf check (deaf_since is null or channel is not null)
);

insert into ops.canary_control (only_row) values (true) on conflict do nothing;

alter table ops.canary_control enable row level security;
revoke all on table ops.canary_control from public, anon, authenticated, service_role;
comment on table ops.canary_control is 'Where and how often a canary is posted, and since when none comes back. Written by apply_canary_v1, tend_canary_v1 and hear_canary_v1.';
