-- Whether a message's next reminder has to wait: for one that is on its way or has been in Slack for less than this, or for its
-- channel. One in doubt is not waited for: it may be missing, and somebody should be told.
create or replace function ops.reminders_wait_v1(message ops.deliveries, apart interval)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select from ops.deliveries d
        where d.thread_delivery_id = message.delivery_id and d.thread_part = 'reminder'
            and (d.status in ('queued', 'sending', 'failed') or d.sent_at > clock_timestamp() - apart)
    ) or 10 <= (
        select count(*) from ops.deliveries d
        where d.thread_part = 'reminder' and d.channel = message.channel and d.created_at > (select clock_timestamp()) - interval '1 minute'
    )
$$;

revoke all on function ops.reminders_wait_v1(ops.deliveries, interval) from public, anon, authenticated, service_role;
comment on function ops.reminders_wait_v1(ops.deliveries, interval) is 'Whether it is too early for another reminder in a thread. Called by remind_of_alert_v1.';
