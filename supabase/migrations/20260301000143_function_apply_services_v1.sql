-- Makes the services those given, all at once: what is not given goes.
create or replace function ops.apply_services_v1(services jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    inserted integer;
    updated integer;
    deleted integer;
begin
    -- One after the other: two files applied at once would mix.
    perform pg_advisory_xact_lock(hashtextextended('pulser.services', 0));
    delete from ops.services s
    where s.service not in (select v.given ->> 'service' from jsonb_array_elements(services) v (given));
    get diagnostics deleted = row_count;

    with given as (
        select v.service, coalesce(v.environments, array['production']) as environments,
            coalesce(v.approval_required, true) as approval_required, coalesce(v.approvals, 1) as approvals,
            coalesce(v.approvers, '{}') as approvers,
            coalesce(v.deployers, '{}') as deployers, coalesce(v.rollback_by, '{}') as rollback_by, v.runbook_url,
            coalesce(v.escalation, '{}') as escalation, nullif(v.deploy, 'null') as deploy, nullif(v.rollback, 'null') as rollback
        from jsonb_to_recordset(services) v (service text, environments text[], approval_required boolean, approvals integer, approvers text[],
            deployers text[], rollback_by text[], runbook_url text, escalation text[], deploy jsonb, rollback jsonb)
    ), written as (
        insert into ops.services as s (service, environments, approval_required, approvals, approvers, deployers, rollback_by, runbook_url, escalation,
            deploy, rollback)
        select g.* from given g
        on conflict (service) do update
        set environments = excluded.environments, approval_required = excluded.approval_required, approvals = excluded.approvals, approvers = excluded.approvers,
            deployers = excluded.deployers, rollback_by = excluded.rollback_by, runbook_url = excluded.runbook_url,
            escalation = excluded.escalation, deploy = excluded.deploy, rollback = excluded.rollback, updated_at = clock_timestamp()
        where (s.environments, s.approval_required, s.approvals, s.approvers, s.deployers, s.rollback_by, s.runbook_url, s.escalation, s.deploy, s.rollback)
            is distinct from (excluded.environments, excluded.approval_required, excluded.approvals, excluded.approvers, excluded.deployers,
                excluded.rollback_by, excluded.runbook_url, excluded.escalation, excluded.deploy, excluded.rollback)
        returning s.xmax = 0 as is_new
    )
    select count(*) filter (where w.is_new), count(*) filter (where not w.is_new) into inserted, updated from written w;
    return jsonb_build_object('inserted', inserted, 'updated', updated, 'deleted', deleted);
end;
$$;

revoke all on function ops.apply_services_v1(jsonb) from public, anon, authenticated;
grant execute on function ops.apply_services_v1(jsonb) to service_role;
comment on function ops.apply_services_v1(jsonb) is 'Replaces the services: {inserted, updated, deleted}. Called by `pulser services apply` and `pulser dev`.';
