-- Each key that refers to another table has an index; only updates and hooks are of a card.
create index if not exists deliveries_of_card on ops.deliveries (card_id) where card_id is not null;
