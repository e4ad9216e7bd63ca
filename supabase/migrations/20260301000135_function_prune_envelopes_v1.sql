-- Envelopes are kept for 30 days (contract C-20). A batch at a time: a long history must not hold locks for long.
create or replace function ops.prune_envelopes_v1(most integer default 5000)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    pruned integer;
begin
    -- Locked first, or passed over: one that is claimed just now stays, and nobody waits for another.
    with old as materialized (
        select o.id from ops.slack_envelopes o
        where o.received_at < now() - interval '30 days' and o.claim_token is null
        order by o.received_at limit most for update skip locked
    )
    delete from ops.slack_envelopes e using old where e.id = old.id;
    get diagnostics pruned = row_count;
    return pruned;
end;
$$;

revoke all on function ops.prune_envelopes_v1(integer) from public, anon, authenticated, service_role;
comment on function ops.prune_envelopes_v1(integer) is 'Removes envelopes that are over 30 days old, a batch of them; how many. Called by the cron job ops_envelope_prune.';
