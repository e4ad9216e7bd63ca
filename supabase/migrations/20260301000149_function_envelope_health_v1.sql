-- Counts stop at 1,000: health must be cheap.
create or replace function ops.envelope_health_v1()
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'pending', (
            select count(*) from (
                select from ops.slack_envelopes e where e.status = 'pending' and e.handler is not null limit 1000
            ) waiting
        ),
        'processing', (select count(*) from (select from ops.slack_envelopes e where e.claim_token is not null limit 1000) held),
        'failed_last_hour', (
            select count(*) from (
                select from ops.slack_envelopes e
                where e.status = 'failed' and e.processed_at > now() - interval '1 hour' limit 1000
            ) failed
        ),
        'oldest_pending_s', (
            select greatest(0, extract(epoch from clock_timestamp() - min(e.received_at)))
            from ops.slack_envelopes e where e.status = 'pending' and e.handler is not null
        ),
        'duplicates_last_hour', (
            select coalesce(sum(e.duplicates), 0) from (
                select d.duplicates from ops.slack_envelopes d
                where d.received_at > now() - interval '1 hour' order by d.received_at desc limit 10000
            ) e
        )
    )
$$;

revoke all on function ops.envelope_health_v1() from public, anon, authenticated;
grant execute on function ops.envelope_health_v1() to service_role;
comment on function ops.envelope_health_v1() is 'What waits of the envelopes and what failed. Called by the handlers and socket-relay for health.';
