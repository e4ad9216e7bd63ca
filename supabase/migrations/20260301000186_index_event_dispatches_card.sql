-- The events that tell of a card: what people did to it, and how its deploy went.
create index if not exists event_dispatches_card on ops.event_dispatches (card_id) where card_id is not null;
