-- Settles claimed events: their deliveries are written in the same transaction (invariant 3).
-- routings: [{"event_id": …, "deliveries": [{"route": …, "channel": …, "mention": …, "why": …, "fold_type": …, "fold_service": …}],
-- "verdicts", "card", "fact", "deploy_result", "card_id", "alert", "resolves"}]; without a fold_type, a delivery waits in no digest. attach_event_v1
-- tells what the last six are. verdicts: what each route said, [{"route", "channel", "used", "why"}], where the deliveries may not tell
-- it. "silences": silence_events_v1 tells.
-- In a storm the tables grow faster than the server counts their rows: a plan for an empty table would read them whole. And what the
-- server thinks of a batch's size is a guess, for which it would compile each plan.
create or replace function ops.record_deliveries_v1(claim_token uuid, routings jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
set enable_seqscan = off
set jit = off
as $$
declare
    held uuid[];
    settled integer;
begin
    -- One after the other, whatever became of a lease: two repeats of an alert at once are counted one by one, and no two routers hold
    -- cards that the other waits for.
    perform pg_advisory_xact_lock(hashtextextended('pulser.recorder', 0));
    -- A token that has been taken over holds nothing (invariant 6).
    select coalesce(array_agg(d.event_id), '{}') into held
    from (
        select d.event_id from ops.event_dispatches d
        where d.claim_token = record_deliveries_v1.claim_token
            and d.event_id in (select (r ->> 'event_id')::uuid from jsonb_array_elements(routings) r)
        order by d.position for update
    ) d;

    -- Nor does one of which a part has been taken over: what is left would be settled before that part.
    if cardinality(held) < jsonb_array_length(routings) then
        return jsonb_build_object('settled', 0);
    end if;

    routings := ops.silence_events_v1(held, routings);
    perform ops.attach_events_v1(held, routings);
    routings := ops.mute_events_v1(held, routings);

    perform ops.queue_posts_v1(held, routings);
    perform ops.post_repeats_v1(held, routings);

    update ops.event_dispatches d
    set status = case when d.silence_id is not null then 'silenced'
            when d.card_id is not null or exists (select from ops.deliveries v where v.event_id = d.event_id) then 'routed' else 'unrouted' end,
        routed_at = clock_timestamp(), claim_token = null, claimed_by = null, lease_until = null
    where d.event_id = any (held);
    get diagnostics settled = row_count;
    return jsonb_build_object('settled', settled);
end;
$$;

revoke all on function ops.record_deliveries_v1(uuid, jsonb) from public, anon, authenticated;
grant execute on function ops.record_deliveries_v1(uuid, jsonb) to service_role;
comment on function ops.record_deliveries_v1(uuid, jsonb) is 'Writes the deliveries of claimed events and settles these: {settled: how many}, 0 for an old token. Called by notify-dispatch.';
