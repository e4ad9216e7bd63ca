create or replace function ops.card_for_event_v1(event_id uuid)
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select ops.card_json_v1(card_for_event_v1.event_id)
$$;

revoke all on function ops.card_for_event_v1(uuid) from public, anon, authenticated;
grant execute on function ops.card_for_event_v1(uuid) to service_role;
comment on function ops.card_for_event_v1(uuid) is 'The card that stands for an event, null for an unknown one. Called by action-handler.';
