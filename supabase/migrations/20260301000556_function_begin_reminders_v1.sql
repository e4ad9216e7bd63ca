-- The first message of an alert stands in Slack: from now on somebody could have acknowledged it. Nothing is asked of the card, for
-- which others wait who hold a delivery; whether it is open still is seen when the time has come.
create or replace function ops.begin_reminders_v1(delivery ops.deliveries)
returns void
language sql
volatile
set search_path = ''
as $$
    update ops.reminder_plans r
    set due_at = delivery.sent_at + make_interval(mins => t.after_min)
    from ops.reminder_times t
    where delivery.kind = 'post' and delivery.status = 'sent' and delivery.thread_delivery_id is null and delivery.digest_id is null
        and r.card_id = delivery.event_id and t.severity = r.severity
        and r.due_at is null and r.queued = 0
$$;

revoke all on function ops.begin_reminders_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.begin_reminders_v1(ops.deliveries) is 'Sets the time of an alert''s first reminder. Called by follow_settled_delivery_v1.';
