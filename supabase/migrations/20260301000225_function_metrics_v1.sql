-- All metrics: [{"name", "labels", "value"}]. Those named recent are of the last ten minutes, the others of now.
-- pulser_expired_leases: whose worker has vanished and whom nobody has taken over yet.
create or replace function ops.metrics_v1()
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object('name', m.name, 'labels', m.labels, 'value', m.value) order by m.name, m.labels), '[]')
        from (
            select a.* from ops.metrics_attempts_v1() a
            union all
            select b.* from ops.metrics_backlog_v1() b
            union all
            select e.* from ops.metrics_envelopes_v1() e
            union all
            select k.* from ops.metrics_cards_v1() k
            union all
            select g.* from ops.metrics_digests_v1() g
            union all
            select r.* from ops.metrics_relay_v1() r
            union all
            select c.* from ops.metrics_canary_v1() c
            union all
            select i.* from ops.metrics_silences_v1() i
            union all
            select 'pulser_expired_leases', jsonb_build_object('kind', l.kind), l.leases from (
                select 'event' as kind, count(*) as leases from ops.event_dispatches d
                where d.claim_token is not null and d.lease_until < clock_timestamp()
                union all
                select 'delivery', count(*) from ops.deliveries d
                where d.claim_token is not null and d.lease_until < clock_timestamp() and not d.in_digest
                union all
                select 'envelope', count(*) from ops.slack_envelopes e where e.claim_token is not null and e.lease_until < clock_timestamp()
                union all
                select 'relay', count(*) from ops.relay_sessions s where s.state <> 'ended' and s.lease_until < clock_timestamp()
            ) l
        ) m
    );
end;
$$;

revoke all on function ops.metrics_v1() from public, anon, authenticated;
grant execute on function ops.metrics_v1() to service_role;
comment on function ops.metrics_v1() is 'All metrics of the ledger as a JSON array. Called by notify-dispatch for ?action=metrics, and by the view ops.metrics.';
