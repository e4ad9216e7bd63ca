-- The state of what a message stands for. The version counts its changes: whoever wants to change a card says which version he
-- has seen, so the first click wins (invariant 8). The message shows the newest version, sooner or later.
create table if not exists ops.cards (
    card_id uuid primary key,
    version integer not null default 0,
    kind text not null,
    service text,
    environment text,
    release text,
    phase text not null,
    state jsonb not null default '{}',
    -- An alert: which one it is and what ends it (notify_dispatch/alert_identity.py), the worst severity that it fired with, which
    -- texts its messages have told (as hashes), and when it last fired.
    alert_key text,
    resolve_key text,
    severity text,
    told_words text[] not null default '{}',
    seen_at timestamptz not null default clock_timestamp(),
    -- It fired again under a silence when its message was older than a day: what fires next has a message of its own.
    forgotten boolean not null default false,
    -- The version that the last repeat made, and the last before it that must be shown at once: repeats alone can wait.
    repeat_version integer,
    acted_version integer,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    constraint kind_is_known check (kind in ('alert', 'deploy', 'release')),
    constraint phase_belongs_to_kind check (phase = any (case kind
        when 'alert' then array['open', 'acknowledged', 'investigating', 'resolved']
        when 'deploy' then array['requested', 'approved', 'rejected', 'started', 'completed', 'failed', 'expired', 'queued']
        else array['deployed', 'rolling_back', 'rolled_back']
    end)),
    constraint only_an_alert_has_an_identity check (kind = 'alert' or coalesce(alert_key, resolve_key) is null),
    constraint only_an_alert_is_forgotten check (kind = 'alert' or not forgotten),
    constraint a_deploy_names_its_service check (kind <> 'deploy' or (service is not null and environment is not null)),
    constraint a_snooze_says_until_when check (not state ? 'snoozed' or state #>> '{snoozed,until}' is not null),
    constraint state_is_an_object check (jsonb_typeof(state) = 'object')
);

-- Two people cannot deploy the same service into the same environment at once.
create unique index if not exists one_running_deploy_per_service_and_environment on ops.cards (service, environment)
where kind = 'deploy' and phase in ('requested', 'approved', 'started');
create index if not exists cards_of_service on ops.cards (service, environment, kind, created_at);
create index if not exists cards_rolling_back on ops.cards (updated_at) where state ? 'rollback';
create index if not exists cards_open_alerts on ops.cards (seen_at) where kind = 'alert';
create index if not exists cards_alerts_of_service on ops.cards (service, seen_at) where kind = 'alert';

alter table ops.cards enable row level security;
revoke all on table ops.cards from public, anon, authenticated, service_role;
comment on table ops.cards is 'State of each alert, deploy and release that a message stands for; card_id is the id of its event. Written by settle_envelope_v1, record_deliveries_v1 and settle_delivery_v1.';
