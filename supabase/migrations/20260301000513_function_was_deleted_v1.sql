-- Whether somebody removed all messages of a card in Slack, as far as the ledger knows: their updates died of it.
create or replace function ops.was_deleted_v1(card_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select coalesce(bool_and(p.status = 'dead' or exists (
        select from ops.deliveries u where u.target_delivery_id = p.delivery_id and u.status = 'dead' and u.reason = 'message_not_found'
    )) and bool_or(p.status = 'sent'), false)
    from ops.deliveries p
    where p.event_id = was_deleted_v1.card_id and p.kind = 'post' and p.thread_delivery_id is null and p.digest_id is null
$$;

revoke all on function ops.was_deleted_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.was_deleted_v1(uuid) is 'Whether no message of a card is left in Slack. Called by note_alert_v1.';
