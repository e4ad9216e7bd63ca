-- What became of an event is kept for 90 days after the last that happened to it, the event itself for ever. An event goes whole: its
-- dispatch with the routes' verdicts, its deliveries with their attempts, its card. So no dispatch means: pulser knows nothing of it.
create or replace function ops.prune_ledger_v1(most integer default 2000)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    over constant uuid[] := ops.lock_over_events_v1(ops.kept_since_v1(), most);
begin
    delete from ops.deliveries d where d.event_id = any (over);
    delete from ops.cards c where c.card_id = any (over);
    delete from ops.event_dispatches d where d.event_id = any (over);
    perform ops.prune_silences_v1(ops.kept_since_v1());
    return cardinality(over);
end;
$$;

revoke all on function ops.prune_ledger_v1(integer) from public, anon, authenticated, service_role;
comment on function ops.prune_ledger_v1(integer) is 'Removes what became of events that ended over 90 days ago, a batch of them; how many. Called by the cron job ops_ledger_prune.';
