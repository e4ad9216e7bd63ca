-- Who is refused because there are enough, and has none himself, stands by; who is granted one does so no more.
create or replace function ops.note_standby_v1(worker text, refusal text)
returns void
language plpgsql
set search_path = ''
as $$
begin
    if refusal = 'enough' and not exists (
        select from ops.relay_sessions s where s.worker = note_standby_v1.worker and s.state <> 'ended'
    ) then
        insert into ops.relay_standbys as b (worker) values (note_standby_v1.worker)
        on conflict on constraint relay_standbys_pkey do update set asked_at = clock_timestamp();
    elsif refusal is null then
        delete from ops.relay_standbys b
        where b.worker = note_standby_v1.worker or b.asked_at < clock_timestamp() - interval '1 hour';
    end if;
end;
$$;

revoke all on function ops.note_standby_v1(text, text) from public, anon, authenticated, service_role;
comment on function ops.note_standby_v1(text, text) is 'Notes who waits for a connection. Called by claim_relay_session_v1.';
