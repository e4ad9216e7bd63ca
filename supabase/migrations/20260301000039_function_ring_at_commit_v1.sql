-- Rings for a statement that inserted events, at its commit. Skipping the ring is safe: the shared lock, held until the
-- commit is visible, lets a dispatcher that goes to rest wait for us and look once more (rest_v1).
create or replace function ops.ring_at_commit_v1()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- Not granted means that a dispatcher is going to rest just now: it may have looked already.
    if not pg_try_advisory_xact_lock_shared(hashtextextended('pulser.doorbell', 0)) then
        perform setval('ops.doorbell', (extract(epoch from clock_timestamp()) * 1000)::bigint);
    end if;
    perform ops.ring_doorbell_v1('event');
    return null;
exception
    when others then
        raise log 'pulser: the doorbell did not ring, the sweep will: % %', sqlstate, sqlerrm;
        return null;
end;
$$;

revoke all on function ops.ring_at_commit_v1() from public, anon, authenticated, service_role;
comment on function ops.ring_at_commit_v1() is 'Wakes notify-dispatch for new events. Called at commit by the trigger pulser_ring_at_commit on ops.event_dispatches.';
