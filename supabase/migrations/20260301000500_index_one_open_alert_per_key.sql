-- What fires again is the same alert, as long as it is open: one card.
create unique index if not exists one_open_alert_per_key on ops.cards (alert_key)
where alert_key is not null and phase in ('open', 'acknowledged', 'investigating');
