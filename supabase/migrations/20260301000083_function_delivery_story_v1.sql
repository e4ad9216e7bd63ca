create or replace function ops.delivery_story_v1(delivery_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select ops.event_story_v1(d.event_id) from ops.deliveries d where d.delivery_id = delivery_story_v1.delivery_id
$$;

revoke all on function ops.delivery_story_v1(uuid) from public, anon, authenticated;
grant execute on function ops.delivery_story_v1(uuid) to service_role;
comment on function ops.delivery_story_v1(uuid) is 'The story of the event of a delivery, null for an unknown id. Called by `pulser ledger show` and the console.';
