-- Until when (milliseconds since 1970) nobody needs to ring notify-dispatch: it is awake, or a ring is on its way.
-- A sequence, because its value is seen at once, by every transaction at every isolation level, and is never waited for.
create sequence if not exists ops.doorbell as bigint minvalue 0 start with 0 no cycle;

revoke all on sequence ops.doorbell from public, anon, authenticated, service_role;
comment on sequence ops.doorbell is 'Rings before this time (ms since 1970) are needless. Written by ring_doorbell_v1, claim_events_v1 and rest_v1.';
