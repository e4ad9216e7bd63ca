select cron.schedule('ops_envelope_prune', '*/10 * * * *', 'select ops.prune_envelopes_v1()');
