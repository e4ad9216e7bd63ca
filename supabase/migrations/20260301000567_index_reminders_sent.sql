-- The reminders of the last minutes, for the metrics and for the pace of a channel.
create index if not exists reminders_sent on ops.deliveries (created_at) where thread_part = 'reminder';
