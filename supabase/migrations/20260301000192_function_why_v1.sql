-- The facts of one thing's whole story. asked: {"id"} of an event, a delivery or an envelope of any team, or {"channel", "ts",
-- "thread_ts"} of a message; where it is not one of ours, the message that began its thread. Null for what the ledger does not know.
-- Of an id, its first 8 digits are enough: {"several": [{"kind", "id"}]} and no more where several ids begin so.
-- "delivery" is the one that was asked about, which may be beyond those of the story; all its parts are null where none was.
create or replace function ops.why_v1(asked jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    uuid_form constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
    found_delivery ops.deliveries;
    met ops.slack_envelopes;
    met_card uuid;
    story jsonb;
    beginning_so constant jsonb := ops.ids_beginning_v1(asked ->> 'id');
begin
    if jsonb_array_length(beginning_so) > 1 then
        return jsonb_build_object('several', beginning_so);
    elsif jsonb_array_length(beginning_so) = 1 then
        asked := jsonb_build_object('id', beginning_so #>> '{0,id}');
    end if;
    if asked ->> 'ts' is not null then
        select d.* into found_delivery
        from unnest(array[asked ->> 'ts', asked ->> 'thread_ts']) with ordinality m (ts, nth)
        join ops.deliveries d on d.slack_ts = m.ts and d.slack_channel_id = asked ->> 'channel' and d.kind = 'post'
        order by m.nth, d.in_digest limit 1;  -- of a digest's message, the digest
    elsif asked ->> 'id' ~ uuid_form then
        select d.* into found_delivery from ops.deliveries d where d.delivery_id = (asked ->> 'id')::uuid;
        story := ops.why_story_v1((asked ->> 'id')::uuid);
    end if;
    story := coalesce(ops.why_story_v1(found_delivery.event_id), story);
    if story is not null then
        return ops.why_silence_v1(story) || jsonb_build_object('now', clock_timestamp(), 'delivery', ops.why_delivery_v1(found_delivery));
    end if;

    met := ops.find_envelope_v1(asked ->> 'id');
    if met.id is null then
        return null;
    end if;
    select coalesce((r.event #>> '{payload,card_id}')::uuid, r.event_id) into met_card
    from ops.read_events_v1(met.event_ids) r
    where r.event #>> '{payload,card_id}' ~ uuid_form or r.event ->> 'event_type' = 'deploy.requested' limit 1;
    return jsonb_build_object(
        'now', clock_timestamp(), 'envelope', ops.why_envelope_v1(met),
        'card', (select to_jsonb(c) from ops.cards c where c.card_id = met_card),
        'deliveries', (
            select coalesce(jsonb_agg(ops.why_delivery_v1(d) order by d.position), '[]') from (
                select v.* from ops.deliveries v
                -- What its settle queued, and the messages of its own events.
                where v.event_id = met_card and v.created_at between met.received_at and met.processed_at
                    or v.event_id = any (met.event_ids)
                order by v.position limit 20
            ) d
        )
    );
end;
$$;

revoke all on function ops.why_v1(jsonb) from public, anon, authenticated;
grant execute on function ops.why_v1(jsonb) to service_role;
comment on function ops.why_v1(jsonb) is 'The facts of one thing''s whole story, null for an unknown one. Called by `pulser why` and command-handler.';
