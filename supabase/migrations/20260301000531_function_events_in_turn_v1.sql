-- Which events need what became of those before them: news of a deploy or of another card, alerts that fire again, and what ends alerts,
-- where another event of the batch or an open card has the same key. All others, which is nearly all of a storm, mean the same in any
-- order, so one statement records them. Cards are asked by index, one look per key. routings: as record_deliveries_v1 takes them.
create or replace function ops.events_in_turn_v1(routings jsonb)
returns uuid[]
language sql
stable
set search_path = ''
as $$
    with events as materialized (
        select (it ->> 'event_id')::uuid as event_id, it #>> '{alert,key}' as fires, it #>> '{alert,resolve_key}' as ended_by,
            it #> '{resolves,keys}' as ends,
            coalesce(it ->> 'deploy_result', it ->> 'card_id') is not null or it #>> '{card,kind}' <> 'alert' as tells_of_a_card
        from jsonb_array_elements(routings) it
    ), ends as materialized (
        select e.event_id, k.key from events e cross join lateral jsonb_array_elements_text(e.ends) k (key)
    ), matched as (
        select e.fires as key from events e where e.fires is not null group by e.fires having count(*) > 1
        union all
        select k.key from ends k join events e on e.fires = k.key
        union all
        select k.key from ends k join events e on e.ended_by = k.key
        union all
        select k.key from (select e.fires as key from events e union all select ends.key from ends) k
        cross join lateral (
            select from ops.cards c where c.alert_key = k.key and c.phase in ('open', 'acknowledged', 'investigating') limit 1
        ) open
        union all
        select k.key from ends k
        cross join lateral (
            select from ops.cards c where c.resolve_key = k.key and c.phase in ('open', 'acknowledged', 'investigating') limit 1
        ) open
    )
    select array_agg(e.event_id) from events e
    where e.tells_of_a_card or e.fires in (select m.key from matched m) or e.ended_by in (select m.key from matched m)
        or exists (select from ends k where k.event_id = e.event_id and k.key in (select m.key from matched m))
$$;

revoke all on function ops.events_in_turn_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.events_in_turn_v1(jsonb) is 'Which events must be recorded one after the other. Called by attach_events_v1.';
