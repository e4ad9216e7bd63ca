-- The newest of each aspect of a service, so that /pulser status reads a few rows however long the history is.
create table if not exists ops.service_facts (
    service text not null,
    environment text not null,
    aspect text not null,
    what text not null,
    version text,
    branch text,
    url text,
    event_id uuid not null,
    -- The dispatch's position: events are known in this order.
    position bigint not null,
    at timestamptz not null,
    primary key (service, environment, aspect),
    -- deploy: the last news of a deployment; release: the last one that ended; ci: the last run.
    constraint aspect_is_known check (aspect in ('deploy', 'release', 'ci'))
);

alter table ops.service_facts enable row level security;
revoke all on table ops.service_facts from public, anon, authenticated, service_role;
comment on table ops.service_facts is 'The newest deployment, release and CI run of each service. Written by record_deliveries_v1.';
