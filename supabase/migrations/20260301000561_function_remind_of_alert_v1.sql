-- Queues the next reminder of an alert that is due, in the thread of its first message. The caller holds the card's row. The first of a
-- round mentions nobody, or who snoozed; each that follows the next on the service's list. While one is on its way there is no next one;
-- nor, for a minute, in a channel that has had ten in the last one: a storm of reminders would hold up the news.
create or replace function ops.remind_of_alert_v1(card_id uuid)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    plan ops.reminder_plans;
    card ops.cards;
    times ops.reminder_times;
    message ops.deliveries;
    steps text[];
    is_snoozed boolean;
    reminder uuid;
begin
    select r.* into plan from ops.reminder_plans r
    where r.card_id = remind_of_alert_v1.card_id and r.due_at <= clock_timestamp();
    if not found then  -- another run was faster
        return false;
    end if;
    select c.* into card from ops.cards c where c.card_id = plan.card_id;
    select p.* into message from ops.messages_of_card_v1(plan.card_id) p where p.status = 'sent' order by p.position limit 1;
    if card.phase <> 'open' or message.delivery_id is null then
        update ops.reminder_plans r set due_at = null where r.card_id = plan.card_id;
        return false;
    end if;
    select t.* into times from ops.reminder_times t where t.severity = plan.severity;
    if ops.reminders_wait_v1(message, make_interval(mins => case when plan.in_round > 0 then times.every_min end)) then
        update ops.reminder_plans r set due_at = clock_timestamp() + interval '1 minute' where r.card_id = plan.card_id;
        return false;
    end if;

    select s.escalation into steps from ops.services s where s.service = card.service;
    is_snoozed := plan.in_round = 0 and plan.after_snooze;
    reminder := ops.queue_in_thread_v1(
        message, 'reminder', case when is_snoozed then 'its snooze is over' else 'nobody acknowledged it' end,
        case when is_snoozed then card.state #>> '{snoozed,user}' when plan.in_round > 0 then steps[plan.in_round] end
    );
    insert into ops.reminders (delivery_id, card_id, step, after_snooze) values (reminder, plan.card_id, plan.queued + 1, is_snoozed);

    update ops.reminder_plans r
    set queued = r.queued + 1, in_round = r.in_round + 1, due_at = case
            -- The next one mentions the next on the list: without one, all was said.
            when r.in_round + 1 < least(times.at_most, 1 + coalesce(cardinality(steps), 0)) then clock_timestamp() + make_interval(mins => times.every_min)
        end
    where r.card_id = plan.card_id;
    return true;
end;
$$;

revoke all on function ops.remind_of_alert_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.remind_of_alert_v1(uuid) is 'Queues an alert''s next reminder when it is due; whether it did. Called by remind_alerts_v1.';
