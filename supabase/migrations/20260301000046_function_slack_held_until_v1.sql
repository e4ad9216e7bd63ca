-- Until when Slack told us not to call this method; null when it may be called.
create or replace function ops.slack_held_until_v1(method text)
returns timestamptz
language sql
volatile
set search_path = ''
as $$
    select max(h.held_until) from ops.slack_holds h
    where h.method in ('*', slack_held_until_v1.method) and h.held_until > clock_timestamp()
$$;

revoke all on function ops.slack_held_until_v1(text) from public, anon, authenticated, service_role;
comment on function ops.slack_held_until_v1(text) is 'Until when a Slack method is held, else null. Called by claim_deliveries_v1 and next_delivery_due_v1.';
