-- The canary's turn: forgets those of over a week ago, sees what became of the others, asks for the next one when it is due. Of two that
-- come at once one goes away. Where Slack holds posts up there is nothing to measure.
create or replace function ops.tend_canary_v1()
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    control ops.canary_control;
    missed timestamptz;
begin
    select c.* into control from ops.canary_control c for update skip locked;
    if not found then
        return false;
    end if;
    delete from ops.canaries c where c.asked_at < clock_timestamp() - interval '7 days';
    if control.channel is null then
        return false;
    end if;
    missed := ops.miss_canaries_v1();
    -- What was posted before somebody changed the switch is no news any more.
    if missed > control.changed_at then
        perform ops.tell_deaf_v1(missed);
    end if;
    -- Ten seconds of grace: the cron job does not come on the second. One from the future was asked for before the clock was set back.
    if ops.slack_held_until_v1('chat.postMessage') is null and not exists (
        select from ops.canaries c
        where c.asked_at between greatest(control.changed_at, clock_timestamp() - make_interval(secs => control.every_s - 10)) and clock_timestamp()
            or c.claimed_at is null and c.failed_at is null
    ) then
        insert into ops.canaries (channel) values (control.channel);
    end if;
    if not exists (select from ops.canaries c where c.claimed_at is null and c.failed_at is null) then
        return false;
    end if;
    begin
        -- Not by the doorbell: a dispatcher that is awake would not hear that there is a canary.
        return ops.ring_function_v1('notify-dispatch', jsonb_build_object('reason', 'canary'));
    exception
        when others then
            raise warning 'pulser: nobody is told of the canary, the next tick will try: % %', sqlstate, sqlerrm;
            return false;
    end;
end;
$$;

revoke all on function ops.tend_canary_v1() from public, anon, authenticated, service_role;
comment on function ops.tend_canary_v1() is 'Asks for a canary when one is due, and raises the alarm when none comes back; true when it rang. Called by the cron job ops_canary.';
