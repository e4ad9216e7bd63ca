-- Until when (milliseconds since 1970) nobody needs to ring socket-relay: a ring is on its way. A sequence as ops.doorbell is.
create sequence if not exists ops.relay_doorbell as bigint minvalue 0 start with 0 no cycle;

revoke all on sequence ops.relay_doorbell from public, anon, authenticated, service_role;
comment on sequence ops.relay_doorbell is 'Rings of socket-relay before this time (ms since 1970) are needless. Written by cover_relay_v1.';
