-- What may be deployed, how, and by whom. deploy and rollback name a hook: {"type": "github_workflow" | "github_dispatch" | "webhook", …};
-- the secret itself is in Vault, only its name stands here (invariant 9).
create table if not exists ops.services (
    service text primary key,
    environments text[] not null default '{production}',
    approval_required boolean not null default true,
    -- How many of the approvers must approve, none of them who asked.
    approvals integer not null default 1,
    -- Slack user ids (U…, W…) and user groups (S…). Nobody named: nobody may approve or roll back; anybody may ask for a deploy.
    approvers text[] not null default '{}',
    deployers text[] not null default '{}',
    rollback_by text[] not null default '{}',
    runbook_url text,
    -- Whom an alert of it mentions, one after the other, while nobody acknowledges it: users and user groups.
    escalation text[] not null default '{}',
    deploy jsonb,
    rollback jsonb,
    updated_at timestamptz not null default clock_timestamp(),
    constraint service_is_named check (service ~ '^[a-z0-9][a-z0-9._-]{0,99}$'),
    constraint a_service_has_an_environment check (cardinality(environments) > 0),
    constraint escalation_names_users_and_groups check (array_to_string(escalation, ' ', '') ~ '^([USW][A-Z0-9]{2,30}( [USW][A-Z0-9]{2,30})*)?$'),
    constraint escalation_has_at_most_19_steps check (cardinality(escalation) <= 19),
    constraint one_to_ten_must_approve check (approvals between 1 and 10),
    constraint several_approve_only_where_approval_is_required check (approvals = 1 or approval_required),
    -- Of a user group nobody here knows how many are in it.
    constraint there_are_as_many_approvers_as_must_approve check (
        approvals = 1 or cardinality(approvers) >= approvals or array_to_string(approvers, ' ') ~ '(^| )S'
    ),
    constraint deploy_hook_is_known check (deploy ->> 'type' in ('github_workflow', 'github_dispatch', 'webhook')),
    constraint rollback_hook_is_known check (rollback ->> 'type' in ('github_workflow', 'github_dispatch', 'webhook')),
    constraint hook_secrets_are_names_in_vault check (
        coalesce(deploy ->> 'secret', 'pulser_hook_x') ~ '^pulser_hook_[a-z0-9_]+$'
        and coalesce(rollback ->> 'secret', 'pulser_hook_x') ~ '^pulser_hook_[a-z0-9_]+$'
    )
);

alter table ops.services enable row level security;
revoke all on table ops.services from public, anon, authenticated, service_role;
comment on table ops.services is 'The services that /pulser knows, their hooks and who may do what. Written by apply_services_v1.';
