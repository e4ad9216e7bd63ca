-- Queues a post in the thread of a card's message. Null where the message has its briefing already: it gets one only.
create or replace function ops.queue_in_thread_v1(message ops.deliveries, part text, why text, mention text default null)
returns uuid
language sql
volatile
set search_path = ''
as $$
    insert into ops.deliveries (event_id, route, why, channel, mention, card_id, thread_delivery_id, thread_part)
    values (message.event_id, 'card', why, message.channel, mention, message.event_id, message.delivery_id, part)
    on conflict (thread_delivery_id) where thread_part = 'briefing' do nothing
    returning delivery_id
$$;

revoke all on function ops.queue_in_thread_v1(ops.deliveries, text, text, text) from public, anon, authenticated, service_role;
comment on function ops.queue_in_thread_v1(ops.deliveries, text, text, text) is 'Queues a post in a message''s thread; its id. Called by queue_briefing_v1, queue_details_v1, remind_of_alert_v1, queue_turn_note_v1 and queue_withdrawn_note_v1.';
