create index if not exists canaries_asked on ops.canaries (asked_at);
