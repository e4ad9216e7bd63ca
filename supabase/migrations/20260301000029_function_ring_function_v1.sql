-- One request to one of our functions. pg_net sends it when the transaction commits, and may lose it: who rings keeps the
-- truth in a table, and rings again (invariant 5). pg_net raises for an address that is none: a cron job shows that as its failure;
-- whoever has something to lose guards himself. The key is read from Vault for each ring, so a changed one works at once.
create or replace function ops.ring_function_v1(function text, body jsonb)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    functions_url text;
begin
    functions_url := ops.read_secret_v1('pulser_functions_url');
    if functions_url is null then
        return false;
    end if;
    perform net.http_post(
        url := rtrim(functions_url, '/') || '/' || function,
        body := body,
        headers := jsonb_build_object(
            'Content-Type', 'application/json',
            'apikey', ops.read_secret_v1('pulser_function_key'),
            'x-request-id', gen_random_uuid()
        ),
        timeout_milliseconds := 5000
    );
    return true;
end;
$$;

revoke all on function ops.ring_function_v1(text, jsonb) from public, anon, authenticated, service_role;
comment on function ops.ring_function_v1(text, jsonb) is 'Posts to one of pulser''s functions through pg_net; false where Vault has no address. Called by ring_doorbell_v1, cover_relay_v1 and sweep_envelopes_v1.';
