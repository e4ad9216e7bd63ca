-- Which alerts an event ends.
create index if not exists open_alerts_by_resolve_key on ops.cards (resolve_key)
where resolve_key is not null and phase in ('open', 'acknowledged', 'investigating');
