-- What became of canaries whose minute is over: failed, back after all (recorded, and its handler has not come to it), or missed.
-- Returns when the newest was posted, if that one is missed: whoever has come back since was posted before it.
create or replace function ops.miss_canaries_v1()
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
    minute_ago constant timestamptz := clock_timestamp() - interval '60 seconds';
    late ops.canaries;
    envelope ops.slack_envelopes;
    newest ops.canaries;
begin
    update ops.canaries c
    set failed_at = clock_timestamp(), failed_reason = case when c.claimed_at is null then 'nobody_posted' else 'worker_vanished' end,
        failed_error = case when c.claimed_at is null
            then 'no notify-dispatch took it within a minute' else 'the notify-dispatch that took it did not say what Slack said' end
    where c.posted_at is null and c.failed_at is null and coalesce(c.claimed_at, c.asked_at) < minute_ago;
    for late in
        select c.* from ops.canaries c
        where c.posted_at < minute_ago and c.came_back_at is null and c.missed_at is null order by c.posted_at
    loop
        select e.* into envelope from ops.slack_envelopes e
        where e.received_at >= late.asked_at - interval '10 seconds' and e.event_type = 'events_api' and e.duplicate_of is null
            and e.payload #>> '{event,metadata,event_payload,canary_id}' = late.canary_id::text
        order by e.received_at limit 1;
        if found then
            perform ops.hear_canary_v1(envelope, late.canary_id::text);
        else
            update ops.canaries c set missed_at = clock_timestamp() where c.canary_id = late.canary_id;
        end if;
    end loop;
    select c.* into newest from ops.canaries c
    where c.posted_at is not null and (c.came_back_at is not null or c.missed_at is not null) order by c.posted_at desc limit 1;
    return case when newest.came_back_at is null then newest.posted_at end;
end;
$$;

revoke all on function ops.miss_canaries_v1() from public, anon, authenticated, service_role;
comment on function ops.miss_canaries_v1() is 'Ends canaries whose minute is over; when the newest that has an end was posted if it did not come back, else null. Called by tend_canary_v1, which has the switch locked.';
