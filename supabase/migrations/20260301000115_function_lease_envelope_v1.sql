create or replace function ops.lease_envelope_v1(id bigint, worker text, lease_seconds integer)
returns ops.slack_envelopes
language sql
set search_path = ''
as $$
    update ops.slack_envelopes e
    set status = 'processing', attempts = e.attempts + 1, claim_token = gen_random_uuid(), claimed_by = worker,
        lease_until = clock_timestamp() + make_interval(secs => lease_seconds)
    where e.id = lease_envelope_v1.id
    returning e.*
$$;

revoke all on function ops.lease_envelope_v1(bigint, text, integer) from public, anon, authenticated, service_role;
comment on function ops.lease_envelope_v1(bigint, text, integer) is 'Gives an envelope to a worker. Called by claim_envelope_v1 and claim_envelopes_v1, who hold its row.';
