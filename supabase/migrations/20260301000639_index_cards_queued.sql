-- In the order of their turns; there are few.
create index if not exists cards_queued on ops.cards (service, environment, created_at) where kind = 'deploy' and phase = 'queued';
