-- Where prune_ledger_v1 begins: the oldest first. What is pending is in another index, and never removed.
create index if not exists event_dispatches_recorded on ops.event_dispatches (recorded_at) where status <> 'pending';
