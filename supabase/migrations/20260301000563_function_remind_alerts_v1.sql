-- Reminds of the alerts that are due, the critical ones first. A card that somebody holds is being acknowledged, or another run has it:
-- it is seen again in a minute. So nobody is reminded after he acknowledged, and of two runs at once one reminds.
create or replace function ops.remind_alerts_v1(most integer default 500)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    due record;
    reminded integer := 0;
begin
    for due in
        select c.card_id from ops.reminder_plans r join ops.cards c on c.card_id = r.card_id
        where r.due_at <= clock_timestamp()
        order by r.severity is distinct from 'critical', r.due_at limit most
        for no key update of c skip locked
    loop
        reminded := reminded + ops.remind_of_alert_v1(due.card_id)::integer;
    end loop;
    if reminded > 0 then
        perform ops.ring_doorbell_v1('reminders');
    end if;
    return reminded;
end;
$$;

revoke all on function ops.remind_alerts_v1(integer) from public, anon, authenticated, service_role;
comment on function ops.remind_alerts_v1(integer) is 'Queues the reminders that are due; how many. Called by the cron job ops_alert_remind.';
