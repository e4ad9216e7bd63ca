-- One router at a time, so that deliveries are written in the order of their events. holding: the claim that this router is about to
-- settle; it may take the next events meanwhile, and records them after.
create or replace function ops.claim_events_v1(worker text, max_events integer, lease_seconds integer, holding uuid default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    token constant uuid := gen_random_uuid();
    claimed uuid[];
    events jsonb;
begin
    -- Whoever asks for work is awake, and will ask again: nobody needs to ring (see rest_v1).
    perform setval('ops.doorbell', (extract(epoch from clock_timestamp()) * 1000)::bigint + 3000);
    if not pg_try_advisory_xact_lock(hashtextextended('pulser.router', 0)) then
        return jsonb_build_object('claim_token', null, 'events', '[]'::jsonb);
    end if;
    -- A statement of its own: what it reads is newer than the lock, so it sees whoever had the lock before us.
    if exists (
        select from ops.event_dispatches d
        where d.claim_token is not null and d.lease_until > clock_timestamp() and d.claim_token is distinct from holding
    ) then
        return jsonb_build_object('claim_token', null, 'events', '[]'::jsonb);
    end if;
    with next as (
        select d.event_id from ops.event_dispatches d
        where d.status = 'pending' and (
                d.claim_token is null or d.lease_until <= clock_timestamp() and d.claim_token is distinct from holding
            )
        order by d.position limit max_events for update skip locked
    ), taken as (
        update ops.event_dispatches d
        set claim_token = token, claimed_by = worker, lease_until = clock_timestamp() + make_interval(secs => lease_seconds)
        from next where d.event_id = next.event_id
        returning d.event_id
    )
    select array_agg(taken.event_id) into claimed from taken;
    -- An event that is not in the table any more still gets its row, as the bare id.
    select coalesce(jsonb_agg(coalesce(e.event, jsonb_build_object('event_id', d.event_id)) order by d.position), '[]')
    into events
    from ops.event_dispatches d
    left join ops.read_events_v1(claimed) e on e.event_id = d.event_id
    where d.event_id = any (claimed);
    return jsonb_build_object('claim_token', token, 'events', events, 'silences', ops.live_silences_v1());
end;
$$;

revoke all on function ops.claim_events_v1(text, integer, integer, uuid) from public, anon, authenticated;
grant execute on function ops.claim_events_v1(text, integer, integer, uuid) to service_role;
comment on function ops.claim_events_v1(text, integer, integer, uuid) is 'Takes the oldest pending events for a time: {claim_token, events, silences}. Called by notify-dispatch.';
