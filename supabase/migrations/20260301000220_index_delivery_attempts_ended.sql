-- The attempts of the last minutes, for the metrics: the table is the longest of all.
create index if not exists delivery_attempts_ended on ops.delivery_attempts (ended_at);
