-- Where prune_ledger_v1 begins, the oldest first, and in which order replay_events_v1 has its pages, so that a page reads no more than
-- itself. What is pending is in another index, and never removed.
create index if not exists event_dispatches_recorded on ops.event_dispatches (recorded_at, position) where status <> 'pending';
