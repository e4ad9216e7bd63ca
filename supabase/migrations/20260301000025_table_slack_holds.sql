-- What Slack told pulser to leave alone, and until when: shared by all workers, slept through by none (invariant 7).
create table if not exists ops.slack_holds (
    method text primary key,
    reason text not null,
    held_since timestamptz not null default clock_timestamp(),
    held_until timestamptz not null,
    constraint method_is_named check (method = '*' or method ~ '^[a-z]+\.[a-zA-Z.]+$')
);

alter table ops.slack_holds enable row level security;
revoke all on table ops.slack_holds from public, anon, authenticated, service_role;
comment on table ops.slack_holds is 'Retry-After of Slack per method, and * while Slack refuses the token. Written by settle_delivery_v1.';
