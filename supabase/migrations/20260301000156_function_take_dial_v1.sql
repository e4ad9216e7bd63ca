-- May Slack be asked for one more connection now? All relays share one budget: eight at once, then one in 15 seconds,
-- because apps.connections.open may be of Slack's strictest tier. What Slack itself told us to wait comes first.
-- The hold of everything (*) does not count here: it is about the bot's token, and a connection needs the app's.
create or replace function ops.take_dial_v1()
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    control ops.relay_control;
    moment timestamptz;
    held_s double precision;
    paid_until timestamptz;
    budget_s double precision;
begin
    select c.* into control from ops.relay_control c for update;
    moment := clock_timestamp();
    if control.transport <> 'socket' then
        return jsonb_build_object('granted', false, 'wait_s', 5, 'reason', 'switched_off');
    end if;
    select extract(epoch from h.held_until - moment) into held_s
    from ops.slack_holds h where h.method = 'apps.connections.open' and h.held_until > moment;
    if held_s is not null then
        return jsonb_build_object('granted', false, 'wait_s', held_s, 'reason', 'held');
    end if;
    -- More than two minutes ahead is no debt but a clock that was set back.
    paid_until := greatest(moment, least(control.dials_paid_until, moment + interval '2 minutes'));
    budget_s := extract(epoch from paid_until - moment) - 7 * 15;
    if budget_s > 0 then
        return jsonb_build_object('granted', false, 'wait_s', budget_s, 'reason', 'dial_budget');
    end if;
    update ops.relay_control c set dials_paid_until = paid_until + interval '15 seconds' where c.only_row;
    return jsonb_build_object('granted', true, 'wait_s', 0, 'reason', null);
end;
$$;

revoke all on function ops.take_dial_v1() from public, anon, authenticated, service_role;
comment on function ops.take_dial_v1() is 'Takes one dial from the shared budget: {granted, wait_s, reason}. Called by claim_relay_session_v1 and dial_again_v1.';
