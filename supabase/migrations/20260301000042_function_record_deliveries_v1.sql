-- Settles claimed events: their deliveries are written in the same transaction (invariant 3).
-- routings: [{"event_id": …, "deliveries": [{"route": …, "channel": …, "mention": …, "why": …, "fold_type": …, "fold_service": …}],
-- "verdicts", "card", "fact", "deploy_result", "card_id"}]; without a fold_type, a delivery waits in no digest. attach_event_v1 tells what the last four are. verdicts: what each route said, [{"route", "channel",
-- "used", "why"}], where the deliveries may not tell it.
create or replace function ops.record_deliveries_v1(claim_token uuid, routings jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    held uuid[];
    settled integer;
begin
    -- A token that has been taken over holds nothing (invariant 6).
    select coalesce(array_agg(d.event_id), '{}') into held
    from (
        select d.event_id from ops.event_dispatches d
        where d.claim_token = record_deliveries_v1.claim_token order by d.position for update
    ) d;

    perform ops.attach_events_v1(held, routings);

    with routed as (
        select (r.routing ->> 'event_id')::uuid as event_id, v.delivery, v.ordinal,
            row_number() over (
                partition by r.routing ->> 'event_id', coalesce(p.slack_channel_id, v.delivery ->> 'channel') order by v.ordinal
            ) as nth
        from jsonb_array_elements(routings) r (routing)
        cross join lateral jsonb_array_elements(r.routing -> 'deliveries') with ordinality v (delivery, ordinal)
        left join ops.slack_channels p on p.channel = v.delivery ->> 'channel'
        where (r.routing ->> 'event_id')::uuid = any (held)
    ), channels as (
        -- Asked, not left to the conflict: that would wait for whoever settles a post there, and he may wait for a card of ours.
        insert into ops.slack_channels (channel) select distinct routed.delivery ->> 'channel' from routed
        where not exists (select from ops.slack_channels s where s.channel = routed.delivery ->> 'channel') order by 1
        on conflict (channel) do nothing
    )
    insert into ops.deliveries (event_id, route, channel, mention, why, fold_type, fold_service)
    select routed.event_id, routed.delivery ->> 'route', routed.delivery ->> 'channel', routed.delivery ->> 'mention',
        left(routed.delivery ->> 'why', 1000), left(routed.delivery ->> 'fold_type', 300), left(routed.delivery ->> 'fold_service', 300)
    from routed join ops.event_dispatches d on d.event_id = routed.event_id
    -- Where the card of the event stands already, it changes in place instead.
    where routed.nth = 1 and not exists (
        select from ops.deliveries c where c.event_id = d.card_id and c.kind = 'post' and c.thread_delivery_id is null and c.status <> 'dead'
            and c.digest_id is null
            and ops.channel_place_v1(c.channel) = ops.channel_place_v1(routed.delivery ->> 'channel')
    )
    order by d.position, routed.ordinal on conflict (event_id, channel) where kind = 'post' and thread_delivery_id is null do nothing;

    update ops.event_dispatches d
    set status = case
            when d.card_id is not null or exists (select from ops.deliveries v where v.event_id = d.event_id) then 'routed'
            else 'unrouted'
        end,
        routed_at = clock_timestamp(), claim_token = null, claimed_by = null, lease_until = null
    where d.event_id = any (held)
        and d.event_id in (select (r ->> 'event_id')::uuid from jsonb_array_elements(routings) r);
    get diagnostics settled = row_count;
    return jsonb_build_object('settled', settled);
end;
$$;

revoke all on function ops.record_deliveries_v1(uuid, jsonb) from public, anon, authenticated;
grant execute on function ops.record_deliveries_v1(uuid, jsonb) to service_role;
comment on function ops.record_deliveries_v1(uuid, jsonb) is 'Writes the deliveries of claimed events and settles these: {settled: how many}, 0 for an old token. Called by notify-dispatch.';
