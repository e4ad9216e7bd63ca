-- An answer that was settled as the ack's payload, but came too late for it: it is owed as a private answer instead, and kept as any
-- other. A duplicate gets no payload any more: the answer is given once. Asked again, it changes nothing.
create or replace function ops.owe_late_reply_v1(team_id text, envelope_id text, reply jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    update ops.slack_envelopes e
    set ack = null, reply = owe_late_reply_v1.reply, reply_status = 'due',
        -- As with every settle: its handler sends it now; later than this the sweep does.
        reply_due_at = clock_timestamp() + interval '15 seconds'
    where e.team_id = owe_late_reply_v1.team_id and e.envelope_id = owe_late_reply_v1.envelope_id
        and e.status = 'completed' and e.reply_status is null;
    return jsonb_build_object('owed', found);
end;
$$;

revoke all on function ops.owe_late_reply_v1(text, text, jsonb) from public, anon, authenticated;
grant execute on function ops.owe_late_reply_v1(text, text, jsonb) to service_role;
comment on function ops.owe_late_reply_v1(text, text, jsonb) is 'Turns the ack''s payload into a private answer: {owed}. Called by action-handler, command-handler and socket-relay when it came too late for the ack.';
