create index if not exists event_dispatches_silence on ops.event_dispatches (silence_id) where silence_id is not null;
