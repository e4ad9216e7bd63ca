-- Queues a post in the thread of a card's first message: what a repeat says in other words. One waits at most, and there is one in a
-- minute at most: what it tells is read when it is sent, and the card shows the newest anyway. Null where none was queued.
create or replace function ops.queue_details_v1(card_id uuid)
returns uuid
language sql
volatile
set search_path = ''
as $$
    select ops.queue_in_thread_v1(m.message, 'details', 'it fired again with other words') from (
        select p as message from ops.messages_of_card_v1(queue_details_v1.card_id) p
        where p.status = 'sent'
            -- Asked, not left to the unique index: that would wait for whoever settles one and waits for the card.
            and not exists (
                select from ops.deliveries d
                where d.card_id = queue_details_v1.card_id and d.thread_part = 'details'
                    and (d.status not in ('sent', 'dead') or d.created_at > clock_timestamp() - interval '1 minute')
            )
        order by p.position limit 1
    ) m
$$;

revoke all on function ops.queue_details_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.queue_details_v1(uuid) is 'Queues details in the thread of a card''s message; its id, null for none. Called by repeat_alert_v1.';
