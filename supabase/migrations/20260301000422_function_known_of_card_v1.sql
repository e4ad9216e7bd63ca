-- What the ledger knows that may help whoever investigates an alert: of its service, and of its environment where it names one.
-- {"deploys", "alerts", "alerts_total", "ci": {"what", "version", "branch", "url", "at"}, "runbook_url"}. What is not known is null
-- or an empty list.
create or replace function ops.known_of_card_v1(card_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select ops.known_alerts_v1(a.card_id) || jsonb_build_object(
        'deploys', ops.known_deploys_v1(a.service, a.environment),
        'ci', (
            select jsonb_build_object('what', f.what, 'version', f.version, 'branch', f.branch, 'url', f.url, 'at', f.at)
            from ops.service_facts f
            where f.service = a.service and f.aspect = 'ci' and (a.environment is null or f.environment in (a.environment, ''))
            order by f.position desc limit 1
        ),
        'runbook_url', (select s.runbook_url from ops.services s where s.service = a.service)
    )
    from ops.cards a where a.card_id = known_of_card_v1.card_id
$$;

revoke all on function ops.known_of_card_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.known_of_card_v1(uuid) is 'What is known of the service of a card, for the briefing in its thread. Called by claim_deliveries_v1.';
