select cron.schedule('ops_silence_end', '* * * * *', 'select ops.end_silences_v1()');
