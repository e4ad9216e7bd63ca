-- What all relays share, in one row: the transport that is switched on, and the budget of dials. Who changes it has it locked.
create table if not exists ops.relay_control (
    only_row boolean primary key default true,
    transport text not null default 'socket',
    changed_at timestamptz not null default clock_timestamp(),
    changed_by text,
    -- Each dial pays for 15 seconds; who would have paid for more than two minutes ahead must wait (see take_dial_v1).
    dials_paid_until timestamptz not null default '-infinity',
    constraint there_is_one_row check (only_row),
    constraint transport_is_known check (transport in ('socket', 'http'))
);

insert into ops.relay_control (only_row) values (true) on conflict do nothing;

alter table ops.relay_control enable row level security;
revoke all on table ops.relay_control from public, anon, authenticated, service_role;
comment on table ops.relay_control is 'The transport (socket or http) and the dial budget that all relays share. Written by set_transport_v1 and take_dial_v1.';
