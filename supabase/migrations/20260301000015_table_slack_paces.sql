-- How much of a method's rate pulser has used (invariant 7): a call moves used_until on, and waits when that is too far ahead.
create table if not exists ops.slack_paces (
    method text primary key,
    used_until timestamptz not null default '-infinity'
);

alter table ops.slack_paces enable row level security;
revoke all on table ops.slack_paces from public, anon, authenticated, service_role;
comment on table ops.slack_paces is 'The pace of Slack methods that are limited per workspace (chat.update). Written by claim_updates_v1.';
