-- One envelope into the ledger. A row stands for each envelope_id; of those that are the same click, command or event only the
-- first one runs, the others point to it (invariant 2).
create or replace function ops.record_envelope_v1(envelope jsonb, worker text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    team constant text := envelope ->> 'team_id';
    sent_id constant text := envelope ->> 'envelope_id';
    received constant timestamptz := least(
        coalesce(to_timestamp((envelope ->> 'received_at')::double precision), clock_timestamp()), clock_timestamp()
    );
    new_id bigint;
    first ops.slack_envelopes;
    same_id boolean;
begin
    loop
        insert into ops.slack_envelopes (envelope_id, team_id, event_type, payload, received_at, handler, logical_key, transport,
            app_id, session_id, retry_attempt, retry_reason, recorded_by, next_attempt_at)
        values (sent_id, team, envelope ->> 'type', envelope -> 'payload', received, envelope ->> 'handler',
            envelope ->> 'logical_key', coalesce(envelope ->> 'transport', 'socket'), envelope ->> 'app_id',
            (envelope ->> 'session_id')::uuid, (envelope ->> 'retry_attempt')::integer, envelope ->> 'retry_reason', worker,
            -- Whoever recorded it hands it on at once; later than this the sweep does.
            clock_timestamp() + interval '10 seconds')
        on conflict do nothing
        returning id into new_id;
        if new_id is not null then
            return jsonb_build_object('id', new_id, 'state', 'new');
        end if;

        select e.* into first from ops.slack_envelopes e where e.team_id = team and e.envelope_id = sent_id;
        same_id := found;
        if not same_id then
            select e.* into first from ops.slack_envelopes e where e.team_id = team and e.logical_key = envelope ->> 'logical_key';
        end if;
        -- Held from here on. What was pruned meanwhile is in nobody's way any more.
        select e.* into first from ops.slack_envelopes e
        where e.id = coalesce(first.duplicate_of, first.id) for no key update;
        exit when found;
    end loop;
    if not same_id then
        insert into ops.slack_envelopes (envelope_id, team_id, event_type, payload, received_at, handler, transport, app_id,
            session_id, retry_attempt, retry_reason, recorded_by, duplicate_of, status, processed_at)
        values (sent_id, team, envelope ->> 'type', case when jsonb_typeof(envelope -> 'payload') = 'object' then (envelope -> 'payload') - array['response_url', 'response_urls'] end,
            received, envelope ->> 'handler', coalesce(envelope ->> 'transport', 'socket'), envelope ->> 'app_id', (envelope ->> 'session_id')::uuid,
            (envelope ->> 'retry_attempt')::integer, envelope ->> 'retry_reason', worker, first.id, 'completed', clock_timestamp())
        on conflict do nothing;
        same_id := not found;  -- another has recorded it just now
    end if;
    update ops.slack_envelopes e
    set duplicates = e.duplicates + 1,
        twin_in_time = e.twin_in_time or received > clock_timestamp() - interval '2.5 seconds'
    where e.id = first.id returning e.* into first;
    return jsonb_build_object(
        'id', first.id, 'same_id', same_id,
        -- What was expired is not run any more, so nobody may be told that it worked.
        'state', case when first.status = 'failed' and first.last_error like 'expired:%' then 'expired' else 'duplicate' end,
        'ack', first.ack, 'settled', first.status in ('completed', 'failed')
    );
end;
$$;

revoke all on function ops.record_envelope_v1(jsonb, text) from public, anon, authenticated, service_role;
comment on function ops.record_envelope_v1(jsonb, text) is 'Records one envelope: new, or a duplicate of which one. Called by record_envelopes_v1.';
