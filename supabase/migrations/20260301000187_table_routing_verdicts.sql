-- What the routes said to an event where its deliveries do not tell it: no route took it, or the card that it tells of may stand
-- in the channel already. As it was when it was routed: routes change, a story does not.
create table if not exists ops.routing_verdicts (
    event_id uuid primary key references ops.event_dispatches (event_id) on delete cascade,
    -- [{"route", "channel", "used", "why"}] in the order in which they were tried.
    verdicts jsonb not null,
    constraint verdicts_are_a_list check (jsonb_typeof(verdicts) = 'array')
);

alter table ops.routing_verdicts enable row level security;
revoke all on table ops.routing_verdicts from public, anon, authenticated, service_role;
comment on table ops.routing_verdicts is 'Why no route took an event, or why what they took made no message. Written by record_deliveries_v1, read by why_story_v1.';
