-- A result that names its deploy need not say where that is, nor which release (apply_deploy_result_v1 finds the card by the id alone):
-- its card knows. Else the news would be those of no environment, and each older release there would pass for the one that runs. What
-- runs after a rollback, only its result can tell.
create or replace function ops.place_deploys_v1(routings jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case when not jsonb_path_exists(routings, '$[*].deploy_result.deploy_id ? (@ != null)') then routings else (
        select jsonb_agg(
            r.routing
            || case when jsonb_typeof(r.routing -> 'fact') = 'object' then jsonb_build_object('fact', (r.routing -> 'fact') || k.place || k.release)
                else '{}' end
            || case when jsonb_typeof(r.routing -> 'card') = 'object' then jsonb_build_object('card', (r.routing -> 'card') || k.place)
                else '{}' end
            order by r.nth
        )
        from jsonb_array_elements(routings) with ordinality r (routing, nth)
        left join ops.cards c on c.card_id = case
            when r.routing #>> '{deploy_result,deploy_id}' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                then (r.routing #>> '{deploy_result,deploy_id}')::uuid
        end
        cross join lateral (
            select jsonb_strip_nulls(jsonb_build_object('service', c.service, 'environment', c.environment)) as place,
                jsonb_strip_nulls(jsonb_build_object('version', coalesce(
                    r.routing #>> '{fact,version}',
                    case when not c.state ? 'rollback' or r.routing #>> '{deploy_result,what}' = 'failed'
                        or ops.tells_again_v1(c, r.routing -> 'deploy_result') then c.release end
                ))) as release
        ) k
    ) end
$$;

revoke all on function ops.place_deploys_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.place_deploys_v1(jsonb) is 'Routings with the place and release of the deploys whose results they name by id. Called by attach_events_v1.';
