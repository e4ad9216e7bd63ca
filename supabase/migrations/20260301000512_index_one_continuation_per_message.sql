-- A message that nobody can change any more is continued once.
create unique index if not exists one_continuation_per_message on ops.deliveries (continues_delivery_id)
where continues_delivery_id is not null;
