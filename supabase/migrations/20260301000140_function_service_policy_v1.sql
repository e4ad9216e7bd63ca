-- What people may do with a service. The hooks stay in the database: only whether there is one is told.
create or replace function ops.service_policy_v1(service text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'service', s.service, 'environments', to_jsonb(s.environments), 'approval_required', s.approval_required,
        'approvals', s.approvals, 'approvers', to_jsonb(s.approvers), 'deployers', to_jsonb(s.deployers), 'rollback_by', to_jsonb(s.rollback_by),
        'can_deploy', s.deploy is not null, 'can_rollback', s.rollback is not null, 'runbook_url', s.runbook_url,
        'escalation', to_jsonb(s.escalation)
    )
    from ops.services s where s.service = service_policy_v1.service
$$;

revoke all on function ops.service_policy_v1(text) from public, anon, authenticated;
grant execute on function ops.service_policy_v1(text) to service_role;
comment on function ops.service_policy_v1(text) is 'Who may do what with a service, null for an unknown one. Called by action-handler, command-handler and list_services_v1.';
