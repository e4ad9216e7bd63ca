-- What a digest tells: {"events", "from", "to", "waited_s", "open_alerts", "types": [{"event_type", "count", "services": [{"service",
-- "count"}], "more_services"}], "more_types", "more_events"}; types with open alerts
-- first (they are what somebody must act on), then the most frequent; at most 12 types of 5 services each.
create or replace function ops.digest_facts_v1(digest_id uuid)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    with told as materialized (
        select d.fold_type, d.fold_service, s.recorded_at, coalesce(d.sent_at, clock_timestamp()) - s.recorded_at as waited,
            (select c.kind = 'alert' and c.phase = 'open' from ops.cards c where c.card_id = d.event_id) as is_open
        from ops.deliveries d join ops.event_dispatches s on s.event_id = d.event_id
        where d.digest_id = digest_facts_v1.digest_id and d.kind = 'post'
    ), of_services as (
        select t.fold_type, t.fold_service, count(*) as events,
            row_number() over (partition by t.fold_type order by count(*) desc, t.fold_service) as nth
        from told t where t.fold_service is not null group by t.fold_type, t.fold_service
    ), of_types as (
        select t.fold_type, count(*) as events, row_number() over (
                order by count(*) filter (where t.is_open) > 0 desc, count(*) desc, t.fold_type
            ) as nth
        from told t group by t.fold_type
    )
    select jsonb_build_object(
        'events', count(*), 'from', min(t.recorded_at), 'to', max(t.recorded_at), 'waited_s', extract(epoch from max(t.waited)),
        'open_alerts', count(*) filter (where t.is_open),
        'types', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'event_type', k.fold_type, 'count', k.events,
                'services', (
                    select coalesce(jsonb_agg(jsonb_build_object('service', v.fold_service, 'count', v.events) order by v.nth), '[]')
                    from of_services v where v.fold_type = k.fold_type and v.nth <= 5
                ),
                'more_services', (select count(*) from of_services v where v.fold_type = k.fold_type and v.nth > 5)
            ) order by k.nth), '[]')
            from of_types k where k.nth <= 12
        ),
        'more_types', (select count(*) from of_types k where k.nth > 12),
        'more_events', (select coalesce(sum(k.events), 0) from of_types k where k.nth > 12)
    )
    from told t
$$;

revoke all on function ops.digest_facts_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.digest_facts_v1(uuid) is 'What a digest tells of its events, counted. Called by claim_deliveries_v1.';
