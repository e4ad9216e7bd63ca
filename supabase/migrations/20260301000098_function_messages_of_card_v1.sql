-- The messages that stand for a card, or will: its posts in channels. Not what hangs in a thread, nor a digest, which is nobody's card,
-- nor an old message that a new one has continued. The caller says which states he means.
create or replace function ops.messages_of_card_v1(card_id uuid)
returns setof ops.deliveries
language sql
stable
set search_path = ''
as $$
    select p.* from ops.deliveries p
    where p.event_id = messages_of_card_v1.card_id and p.kind = 'post' and p.thread_delivery_id is null and p.digest_id is null
        and not exists (select from ops.deliveries n where n.continues_delivery_id = p.delivery_id)
$$;

revoke all on function ops.messages_of_card_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.messages_of_card_v1(uuid) is 'The posts that stand for a card. Called by all that change it in place or add to its thread.';
