-- A route: which events go to which channel, how. Written by `pulser routes apply`, read by notify-dispatch.
create table if not exists ops.notification_routes (
    name text primary key,
    position integer not null,
    event_pattern text not null default '*',
    minimum_severity text not null default 'info',
    service text,
    environment text,
    channel text not null,
    mention text,
    continues boolean not null default false,
    is_default boolean not null default false,
    constraint name_is_not_empty check (name <> ''),
    constraint severity_is_known check (minimum_severity in ('info', 'warning', 'error', 'critical')),
    constraint channel_is_a_name_or_an_id check (channel ~ '^(#[^\s#@,A-Z.]{1,80}|[CGD][A-Z0-9]{6,})$'),
    constraint mention_is_known check (mention ~ '^(here|channel|[UWS][A-Z0-9]{6,})$')
);

-- The default route takes what no other route took and is of severity error or above: there is just one.
create unique index if not exists notification_routes_one_default on ops.notification_routes (is_default) where is_default;

insert into ops.notification_routes (name, position, minimum_severity, channel, is_default)
select 'default', 1000000, 'error', '#ops-alerts', true
where not exists (select from ops.notification_routes);

alter table ops.notification_routes enable row level security;
revoke all on table ops.notification_routes from public, anon, authenticated, service_role;
comment on table ops.notification_routes is 'Routes: which events go to which channel. Written by apply_routes_v1, read by notify-dispatch.';
