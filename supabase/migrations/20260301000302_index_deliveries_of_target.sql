-- Each key that refers to another row has an index: a post that is removed is looked for among the targets of all updates.
create index if not exists deliveries_of_target on ops.deliveries (target_delivery_id) where target_delivery_id is not null;
