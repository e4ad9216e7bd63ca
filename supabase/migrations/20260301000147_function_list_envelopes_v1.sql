-- filter, each key optional: {"status", "handler", "user", "since", "limit"}; newest first.
create or replace function ops.list_envelopes_v1(filter jsonb default '{}')
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(ops.envelope_summary_v1(listed.e) order by (listed.e).id desc), '[]')
    from (
        select e from ops.slack_envelopes e
        where (filter ->> 'status' is null or e.status = filter ->> 'status')
            and (filter ->> 'handler' is null or e.handler = filter ->> 'handler')
            and (filter ->> 'since' is null or e.received_at >= (filter ->> 'since')::timestamptz)
            and (filter ->> 'user' is null or ops.envelope_identity_v1(e) ->> 'slack_user' = filter ->> 'user')
        order by e.id desc
        limit least(coalesce((filter ->> 'limit')::integer, 50), 1000)
    ) listed
$$;

revoke all on function ops.list_envelopes_v1(jsonb) from public, anon, authenticated;
grant execute on function ops.list_envelopes_v1(jsonb) to service_role;
comment on function ops.list_envelopes_v1(jsonb) is 'Envelopes, newest first, at most 1,000. Called by `pulser ledger envelopes` and the console.';
