-- What waits for a card's thread is one post of details: it tells the newest when it is sent.
create unique index if not exists one_details_waiting_per_card on ops.deliveries (card_id)
where thread_part = 'details' and status in ('queued', 'sending', 'in_doubt', 'failed');
