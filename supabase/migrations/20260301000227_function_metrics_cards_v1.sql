-- Alerts that nobody has in hand and the reminders of the last ten minutes; deploys that wait or run, by phase. Counts stop at 10,000.
create or replace function ops.metrics_cards_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    with deploys as materialized (
        -- Two partial indexes: the phases of those that run, and those that wait for their turn.
        select c.phase from ops.cards c where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
        union all
        select c.phase from ops.cards c where c.kind = 'deploy' and c.phase = 'queued'
    )
    select 'pulser_recent_reminders', '{}'::jsonb, (
        select count(*)::double precision from ops.deliveries d
        where d.thread_part = 'reminder' and d.status = 'sent' and d.created_at > now() - interval '10 minutes'
    )
    union all
    select 'pulser_unacknowledged_alerts', '{}', count(*) from (
        select from ops.cards c
        where c.kind = 'alert' and c.phase = 'open' and c.seen_at > now() - interval '24 hours' limit 10000
    ) unseen
    union all
    select 'pulser_deploys', jsonb_build_object('phase', p.phase), (select count(*) from deploys where deploys.phase = p.phase)
    from unnest(array['queued', 'requested', 'approved', 'started']) p (phase)
$$;

revoke all on function ops.metrics_cards_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_cards_v1() is 'Alerts, reminders and deploys. Called by metrics_v1.';
