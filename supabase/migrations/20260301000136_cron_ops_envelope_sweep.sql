select ops.schedule_job_v1('ops_envelope_sweep', 5, 'select ops.sweep_envelopes_v1()');
