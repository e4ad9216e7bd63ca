-- Recorded, but the answer of the database came too late to acknowledge: Slack's user has seen a failure, so nothing is run.
create or replace function ops.expire_envelopes_v1(envelopes jsonb, worker text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    late record;
    expired integer := 0;
begin
    for late in
        select e.id from ops.slack_envelopes e
        -- Each once, also one that is named twice.
        where (e.team_id, e.envelope_id) in (
            select g.given ->> 'team_id', g.given ->> 'envelope_id' from jsonb_array_elements(envelopes) g (given)
        )
            and e.status = 'pending' and e.attempts = 0 and e.event_type in ('interactive', 'slash_commands')
            and not e.twin_in_time  -- else Slack has the twin's ack
        -- In the order in which relays record: neither waits for the other.
        order by e.team_id, e.logical_key, e.envelope_id
        for update of e
    loop
        perform ops.end_envelope_v1(late.id, 'expired', 'it was recorded too late to be acknowledged', worker);
        expired := expired + 1;
    end loop;
    return jsonb_build_object('expired', expired);
end;
$$;

revoke all on function ops.expire_envelopes_v1(jsonb, text) from public, anon, authenticated;
grant execute on function ops.expire_envelopes_v1(jsonb, text) to service_role;
comment on function ops.expire_envelopes_v1(jsonb, text) is 'Ends clicks and commands that nobody acknowledged: {expired: how many}. Called by socket-relay.';
