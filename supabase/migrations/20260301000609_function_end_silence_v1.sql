-- By hand when ended_by is given ({"user", "name"}), else because its time is over. One statement decides, so of two that end it one
-- appends the event. It waits for whoever is recording an event under this silence, and so counts that one too.
create or replace function ops.end_silence_v1(silence_id uuid, ended_by jsonb, actor text, identity jsonb default '{}')
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    hand constant jsonb := nullif(ended_by, 'null');
    over ops.silences;
    event_id uuid;
begin
    update ops.silences s
    set ended_at = least(clock_timestamp(), s.ends_at), ended_by = case when s.ends_at > clock_timestamp() then hand end
    where s.silence_id = end_silence_v1.silence_id and s.ended_at is null and (hand is not null or s.ends_at <= clock_timestamp())
    returning s.* into over;
    if not found then
        return jsonb_build_object('ended', false, 'silence', (
            select ops.silence_json_v1(s) from ops.silences s where s.silence_id = end_silence_v1.silence_id
        ));
    end if;
    event_id := ops.silence_event_v1(over, 'silence.ended', actor, identity);
    return jsonb_build_object('ended', true, 'silence', ops.silence_json_v1(over), 'event_id', event_id);
end;
$$;

revoke all on function ops.end_silence_v1(uuid, jsonb, text, jsonb) from public, anon, authenticated;
grant execute on function ops.end_silence_v1(uuid, jsonb, text, jsonb) to service_role;
comment on function ops.end_silence_v1(uuid, jsonb, text, jsonb) is 'Ends a silence and appends silence.ended, once: {ended, silence, event_id}. Called by `pulser silences end`, change_silence_v1 and end_silences_v1.';
