-- Whether a card has no message of its own, because a digest told of it: no button, no update, no reminder.
create or replace function ops.was_folded_v1(card_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select coalesce(bool_and(p.digest_id is not null or p.status = 'dead') and bool_or(p.digest_id is not null and p.status = 'sent'), false)
    from ops.deliveries p
    where p.event_id = was_folded_v1.card_id and p.kind = 'post' and p.thread_delivery_id is null
$$;

revoke all on function ops.was_folded_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.was_folded_v1(uuid) is 'Whether only digests told of a card. Called by note_alert_v1.';
