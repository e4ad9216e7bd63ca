-- A silence is kept as long as the events that it muted.
create or replace function ops.prune_silences_v1(before timestamptz)
returns void
language sql
set search_path = ''
as $$
    delete from ops.silences s
    where s.ended_at < before and not exists (select from ops.event_dispatches d where d.silence_id = s.silence_id)
$$;

revoke all on function ops.prune_silences_v1(timestamptz) from public, anon, authenticated, service_role;
comment on function ops.prune_silences_v1(timestamptz) is 'Removes the silences that were over before and that no event names. Called by prune_ledger_v1.';
