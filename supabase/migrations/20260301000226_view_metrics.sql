-- The metrics for people and tools that speak SQL, as the database's owner. It runs as who asks: whoever may not call metrics_v1 sees
-- nothing. Not for the service role, which reads nothing of pulser's own through the Data API but calls functions: metrics_v1.
create or replace view ops.metrics with (security_invoker = true) as
select m.name, m.labels, m.value
from jsonb_to_recordset(ops.metrics_v1()) m (name text, labels jsonb, value double precision);

revoke all on table ops.metrics from public, anon, authenticated, service_role;
comment on view ops.metrics is 'What ?action=metrics of notify-dispatch tells, one row per number. Read by people; docs/runbook.md says what it means.';
