-- A canary is back: its envelope is in the ledger. The first envelope counts. The relay hears again when one came within its minute:
-- what Slack brings late is no proof that the next comes.
create or replace function ops.hear_canary_v1(envelope ops.slack_envelopes, canary_id text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    heard ops.canaries;
    deaf_since timestamptz;
begin
    -- It comes from a message: anybody's words.
    if canary_id is null or canary_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        return false;
    end if;
    -- The switch first, then the canary: as tend_canary_v1 has it.
    select c.deaf_since into deaf_since from ops.canary_control c for update;
    update ops.canaries c
    set came_back_at = envelope.recorded_at, envelope_id = envelope.envelope_id, transport = envelope.transport
    where c.canary_id = hear_canary_v1.canary_id::uuid and c.came_back_at is null and c.claimed_at is not null
    returning c.* into heard;
    if not found then
        return false;
    end if;
    if deaf_since is null or heard.missed_at is not null or heard.asked_at < deaf_since
        or heard.came_back_at > coalesce(heard.posted_at, heard.claimed_at) + interval '60 seconds'
    then
        return true;
    end if;
    update ops.canary_control c set deaf_since = null where c.only_row;
    perform ops.append_event_v1(
        event_type := 'relay.hearing', actor := 'socket-relay', target := 'socket-relay',
        payload := jsonb_build_object(
            'severity', 'info', 'service', 'pulser', 'title', 'What people do in Slack reaches pulser again',
            'summary', format('A canary came back after %s s; none had since %s.', round(extract(epoch from heard.came_back_at - heard.asked_at)::numeric, 1),
                to_char(deaf_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')),
            'canary_id', heard.canary_id, 'deaf_since', deaf_since, 'transport', heard.transport
        )
    );
    return true;
end;
$$;

revoke all on function ops.hear_canary_v1(ops.slack_envelopes, text) from public, anon, authenticated, service_role;
comment on function ops.hear_canary_v1(ops.slack_envelopes, text) is 'Notes that a canary came back in this envelope, with the event relay.hearing where none had; false for one that is unknown or back already. Called by settle_envelope_v1 and miss_canaries_v1.';
