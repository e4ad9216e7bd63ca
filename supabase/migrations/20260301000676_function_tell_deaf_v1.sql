-- Slack took a canary and did not bring it back, though it could have: a connection stood when it was posted and one stands now, or
-- Slack sends requests. That is news, once, until one comes back in time. Without any connection other alarms have told it.
create or replace function ops.tell_deaf_v1(posted_at timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    control ops.relay_control;
    other_at timestamptz;
    ever boolean;
    way text;
begin
    select c.* into control from ops.relay_control c;
    if control.changed_at > posted_at or control.transport = 'socket' and not (
        exists (select from ops.open_relay_sessions_v1() o where o.state in ('live', 'retiring') and o.hello_at is not null)
        and exists (
            select from ops.relay_sessions s
            where s.hello_at <= posted_at and (s.alive_until >= posted_at or s.state <> 'ended' and s.lease_until > clock_timestamp())
        )
    ) then
        return false;
    end if;
    update ops.canary_control c set deaf_since = tell_deaf_v1.posted_at where c.deaf_since is null and c.channel is not null;
    if not found then
        return false;
    end if;
    select max(e.received_at) into other_at from ops.slack_envelopes e where e.received_at > posted_at and e.transport = control.transport;
    ever := exists (select from ops.canaries c where c.came_back_at is not null);
    way := case control.transport when 'socket' then 'Socket Mode is connected' else 'Slack is to send requests' end;
    perform ops.append_event_v1(
        event_type := 'relay.deaf', actor := 'socket-relay', target := 'socket-relay', status := 'error',
        error_detail := 'a canary that Slack took did not come back within 60 s',
        payload := jsonb_build_object(
            'severity', 'critical', 'service', 'pulser', 'title', 'pulser does not hear what people do in Slack',
            'summary', format('%s, but a canary that Slack took at %s did not come back within a minute. %s', way,
                to_char(posted_at at time zone 'UTC', 'HH24:MI:SS "UTC"'), case
                    when other_at is not null then 'Other envelopes came meanwhile: part of them may be lost.'
                    when not ever then 'None has ever come back: the app may lack the event (pulser manifest --canary).'
                    else 'Buttons and commands may go unanswered.' end),
            'deaf_since', posted_at, 'transport', control.transport
        )
    );
    return true;
end;
$$;

revoke all on function ops.tell_deaf_v1(timestamptz) from public, anon, authenticated, service_role;
comment on function ops.tell_deaf_v1(timestamptz) is 'Appends the event relay.deaf, once, for a missed canary that could have come back; true when it did. Called by tend_canary_v1.';
