-- Whether all that hangs on a routed event ended before this time. Not over: a delivery that is not sent or dead; a card whose deploy or
-- rollback is under way, or that somebody changed, clicked on or told of since; the newest news of a service, which can still be
-- rolled back; an event that tells of a card which stays. An alert that nobody acknowledged in all the time is over.
create or replace function ops.is_over_v1(event_id uuid, before timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
    select not exists (
        select from ops.deliveries d
        where d.event_id = is_over_v1.event_id and (d.status not in ('sent', 'dead') or coalesce(d.sent_at, d.dead_at) >= before)
    ) and not exists (
        select from ops.cards c
        where c.card_id = is_over_v1.event_id and (
            c.updated_at >= before or c.phase in ('queued', 'requested', 'approved', 'started', 'rolling_back')
            or c.state ? 'rollback' and not c.state #> '{rollback}' ? 'ended'
        )
    ) and not exists (
        select from ops.service_facts f where f.event_id = is_over_v1.event_id
    ) and not exists (
        select from ops.event_dispatches t
        where t.card_id = is_over_v1.event_id
            and (t.recorded_at >= before or exists (select from ops.service_facts f where f.event_id = t.event_id))
    ) and not exists (
        select from ops.cards c
        where c.card_id = (select own.card_id from ops.event_dispatches own where own.event_id = is_over_v1.event_id)
    ) and not exists (
        -- The ts alone is looked up by index: of another channel's click, it waits a day too long.
        select from ops.deliveries m
        cross join lateral (
            select e.status from ops.slack_envelopes e
            where left(e.payload #>> '{container,message_ts}', 40) = m.slack_ts and e.payload #>> '{container,message_ts}' is not null
            limit 1000
        ) click
        where m.event_id = is_over_v1.event_id and m.kind = 'post' and m.status = 'sent' and click.status in ('pending', 'processing')
    )
$$;

revoke all on function ops.is_over_v1(uuid, timestamptz) from public, anon, authenticated, service_role;
comment on function ops.is_over_v1(uuid, timestamptz) is 'Whether nothing of an event goes on, or went on since then. Called by lock_over_events_v1.';
