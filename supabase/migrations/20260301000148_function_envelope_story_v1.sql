-- Everything about one envelope: itself, its duplicates, its audit events, the card it met, what was sent because of it.
create or replace function ops.envelope_story_v1(team_id text, envelope_id text)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'envelope', ops.envelope_summary_v1(e)
            || jsonb_build_object('payload', ops.readable_payload_v1(e.payload - 'token' - 'response_url' - 'trigger_id')),
        'duplicates', (
            select coalesce(jsonb_agg(ops.envelope_summary_v1(d) order by d.id), '[]')
            from ops.slack_envelopes d where d.duplicate_of = e.id
        ),
        'events', audit.events,
        'card', ops.card_json_v1(audit.card_id),
        'deliveries', (
            select coalesce(jsonb_agg(ops.delivery_summary_v1(v, null, v.created_at) order by v.position), '[]')
            from ops.deliveries v
            -- What its settle queued; later ones of the same card belong to later deeds.
            where v.event_id = audit.card_id and (v.kind = 'post' and v.thread_delivery_id is null or v.created_at between e.received_at and e.processed_at)
                or v.event_id in (select (a.event ->> 'event_id')::uuid from jsonb_array_elements(audit.events) a (event))
        )
    )
    from ops.slack_envelopes asked
    join ops.slack_envelopes e on e.id = coalesce(asked.duplicate_of, asked.id)
    cross join lateral (
        select coalesce(jsonb_agg(r.event), '[]') as events,
            (array_agg(of.card_id) filter (where of.card_id is not null))[1] as card_id
        from ops.read_events_v1(e.event_ids) r
        -- A request for a deploy is itself what its card stands for.
        cross join lateral (
            select (r.event ->> case r.event ->> 'event_type' when 'deploy.requested' then 'event_id' end)::uuid as own
        ) o
        cross join lateral (select coalesce((r.event #>> '{payload,card_id}')::uuid, o.own) as card_id) of
    ) audit
    where asked.team_id = envelope_story_v1.team_id and asked.envelope_id = envelope_story_v1.envelope_id
$$;

revoke all on function ops.envelope_story_v1(text, text) from public, anon, authenticated;
grant execute on function ops.envelope_story_v1(text, text) to service_role;
comment on function ops.envelope_story_v1(text, text) is 'The story of an envelope, null for an unknown one. Called by `pulser ledger envelope` and the console.';
