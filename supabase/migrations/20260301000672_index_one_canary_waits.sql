create unique index if not exists one_canary_waits on ops.canaries ((true)) where claimed_at is null and failed_at is null;
