-- What waits for the handlers, and what became of the envelopes of the last ten minutes (the newest 10,000). The ack is sent as
-- soon as an envelope is recorded; the ledger does not see it itself, only those that were recorded too late for it (expired).
create or replace function ops.metrics_envelopes_v1()
returns table (name text, labels jsonb, value double precision)
language sql
volatile
set search_path = ''
as $$
    with recent as materialized (
        select e.duplicates,
            case when e.event_type in ('interactive', 'slash_commands', 'events_api') then e.event_type else 'other' end as type,
            case when e.duplicate_of is not null then 'duplicate' when e.status <> 'failed' then e.status
                when e.last_error ~ '^(expired|refused|gave_up):' then split_part(e.last_error, ':', 1) else 'failed' end as outcome,
            extract(epoch from e.recorded_at - e.received_at)::double precision as record_s,
            extract(epoch from e.processed_at - e.received_at)::double precision as answer_s
        from ops.slack_envelopes e
        where e.received_at > now() - interval '10 minutes'
        order by e.received_at desc limit 10000
    ), timed as (
        select 'pulser_recent_record_seconds' as name, r.type, percentile_cont(array[0.5, 0.95, 1]) within group (order by r.record_s) as seconds
        from recent r group by r.type
        union all
        select 'pulser_recent_answer_seconds', r.type, percentile_cont(array[0.5, 0.95, 1]) within group (order by r.answer_s)
        from recent r where r.outcome = 'completed' group by r.type
    )
    select 'pulser_recent_envelopes', jsonb_build_object('type', r.type, 'outcome', r.outcome), count(*)::double precision
    from recent r group by r.type, r.outcome
    union all
    select 'pulser_recent_duplicates', '{}', coalesce(sum(r.duplicates), 0) from recent r
    union all
    select t.name, jsonb_build_object('type', t.type, 'percentile', q.name), q.seconds
    from timed t cross join lateral unnest(array['50', '95', '100'], t.seconds) q (name, seconds)
    where q.seconds is not null
    union all
    select w.name, jsonb_build_object('handler', h.handler), w.value
    from unnest(array['action-handler', 'command-handler']) h (handler) cross join lateral (
        select count(*) as waiting, coalesce(greatest(0, extract(epoch from clock_timestamp() - min(p.received_at))), 0) as oldest_s
        from (
            select e.received_at from ops.slack_envelopes e
            where e.status = 'pending' and e.handler = h.handler order by e.next_attempt_at limit 10000
        ) p
    ) pending cross join lateral (values
        ('pulser_pending_envelopes', pending.waiting::double precision), ('pulser_oldest_pending_envelope_seconds', pending.oldest_s)
    ) w (name, value)
    union all
    -- From when the sweep should have sent it: fifteen seconds after its handler was to.
    select 'pulser_overdue_reply_seconds', '{}', coalesce(greatest(0, extract(epoch from clock_timestamp() - min(e.reply_due_at))), 0)
    from ops.slack_envelopes e where e.reply_status = 'due'
$$;

revoke all on function ops.metrics_envelopes_v1() from public, anon, authenticated, service_role;
comment on function ops.metrics_envelopes_v1() is 'What waits of the envelopes, what became of the recent ones, and how long it took. Called by metrics_v1.';
