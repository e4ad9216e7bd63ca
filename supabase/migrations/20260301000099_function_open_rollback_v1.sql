-- The rollback under way of another card of the same service and environment: one failed deploy has a card where it was asked for
-- and one among the alerts, and both offer Rollback. A card that names no environment may be of any. A rollback is over when its
-- result came, when it was silent for two hours (as expire_deploys_v1 has it), or when another release was deployed since.
-- The time is asked for once, so that an index can answer: what was before is not read.
create or replace function ops.open_rollback_v1(wanted jsonb)
returns uuid
language sql
volatile
set search_path = ''
as $$
    select c.card_id from ops.cards c
    where c.state ? 'rollback' and not c.state #> '{rollback}' ? 'ended'
        and c.updated_at > (select clock_timestamp()) - interval '2 hours'
        and c.service = wanted ->> 'service' and (c.environment = wanted ->> 'environment') is not false
        and c.card_id::text is distinct from wanted ->> 'card_id'
        and not exists (
            select from ops.service_facts f
            where f.service = c.service and f.environment = coalesce(c.environment, '') and f.aspect = 'release'
                and f.at > c.updated_at and f.version <> c.release
        )
    order by c.updated_at desc limit 1
$$;

revoke all on function ops.open_rollback_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.open_rollback_v1(jsonb) is 'The other card whose rollback is in this card''s way, null when there is none. Called by card_for_event_v1, rollback_in_the_way_v1 and service_status_v1.';
