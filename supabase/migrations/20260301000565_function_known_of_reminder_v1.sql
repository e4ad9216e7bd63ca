-- What a reminder tells beside its card: {"step", "after_snooze", "since": when the alert's message came to stand in Slack}.
create or replace function ops.known_of_reminder_v1(delivery_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object('step', r.step, 'after_snooze', r.after_snooze, 'since', m.sent_at)
    from ops.reminders r
    join ops.deliveries d on d.delivery_id = r.delivery_id
    join ops.deliveries m on m.delivery_id = d.thread_delivery_id
    where r.delivery_id = known_of_reminder_v1.delivery_id
$$;

revoke all on function ops.known_of_reminder_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.known_of_reminder_v1(uuid) is 'What a reminder tells. Called by claim_deliveries_v1.';
