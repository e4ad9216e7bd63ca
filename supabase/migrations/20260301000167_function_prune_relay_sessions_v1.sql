-- Sessions are kept for 30 days; one that nobody ended counts from the end of its lease. In batches, to lock little.
create or replace function ops.prune_relay_sessions_v1(max_rows integer default 1000)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    pruned integer;
begin
    -- Chosen once: as a part of the delete, the choice may be made again for each row, each time with other rows.
    with old as materialized (
        select s.session_id from ops.relay_sessions s
        where s.ended_at < now() - interval '30 days'
            or s.state <> 'ended' and s.lease_until < now() - interval '30 days'
        limit max_rows for update skip locked
    )
    delete from ops.relay_sessions r using old where r.session_id = old.session_id;
    get diagnostics pruned = row_count;
    return pruned;
end;
$$;

revoke all on function ops.prune_relay_sessions_v1(integer) from public, anon, authenticated, service_role;
comment on function ops.prune_relay_sessions_v1(integer) is 'Removes sessions that ended over 30 days ago; how many. Called by the cron job ops_relay_prune.';
