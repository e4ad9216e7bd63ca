-- A post that is in doubt beyond its time is perhaps not in Slack, and people wait for nothing: an event tells the default channel, once
-- for each doubt, once in each ten minutes of the clock for the same channel and reason, and never about such news itself. The delivery
-- stays in doubt, and is looked for: dead would say that it is not there. It is news only: the settle goes on without it.
create or replace function ops.announce_doubt_v1(delivery_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    doubtful ops.deliveries;
    event_type text;
    is_told boolean;
begin
    select d.* into doubtful from ops.deliveries d
    where d.delivery_id = announce_doubt_v1.delivery_id and d.status = 'in_doubt' and d.retry_until < clock_timestamp()
        -- A delivery that was retried has a new time, and so a new doubt.
        and not exists (select from ops.told_doubts t where t.delivery_id = d.delivery_id and t.told_at > d.retry_until);
    if not found then
        return;
    end if;
    -- Of two that are told at once of the same, one waits here and finds the other.
    perform pg_advisory_xact_lock(hashtextextended('pulser.doubt:' || doubtful.channel, 0));
    is_told := exists (
        select from ops.told_doubts t
        where t.channel = doubtful.channel and t.reason = doubtful.reason
            and t.told_at >= date_bin('10 minutes', clock_timestamp(), timestamptz 'epoch')
    );
    insert into ops.told_doubts as t (delivery_id, channel, reason) values (doubtful.delivery_id, doubtful.channel, doubtful.reason)
    on conflict on constraint told_doubts_pkey do update set reason = excluded.reason, told_at = excluded.told_at;
    select e.event ->> 'event_type' into event_type from ops.read_events_v1(array[doubtful.event_id]) e;
    if is_told or event_type in ('delivery.dead', 'delivery.in_doubt') then
        return;
    end if;
    perform ops.append_event_v1(
        event_type := 'delivery.in_doubt', actor := 'notify-dispatch', target := doubtful.channel, status := 'error',
        error_detail := doubtful.error,
        payload := jsonb_build_object(
            'severity', 'error', 'service', 'pulser',
            'title', format('Nobody knows whether a message stands in %s', doubtful.channel),
            'summary', format('%s: %s', doubtful.reason, doubtful.error),
            'event_type', event_type, 'event_id', doubtful.event_id, 'delivery_id', doubtful.delivery_id
        )
    );
exception
    when others then
        raise warning 'pulser: the doubt of delivery % is not announced: % %', delivery_id, sqlstate, sqlerrm;
end;
$$;

revoke all on function ops.announce_doubt_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.announce_doubt_v1(uuid) is 'Appends the event delivery.in_doubt when a doubt has outlived the delivery''s time. Called by follow_settled_delivery_v1.';
