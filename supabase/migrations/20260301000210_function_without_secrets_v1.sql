-- A text of the database's own, an error for instance, may quote what it was given. Before the doctor shows it, every secret
-- of pulser's is taken out, whatever its shape.
create or replace function ops.without_secrets_v1(said text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    secret text;
begin
    for secret in
        select s.decrypted_secret
        from vault.decrypted_secrets s
        where s.name ~ '^(slack|pulser)_' and length(s.decrypted_secret) >= 6
        order by length(s.decrypted_secret) desc
    loop
        said := replace(said, secret, '[redacted]');
    end loop;
    return left(said, 2000);
end;
$$;

revoke all on function ops.without_secrets_v1(text) from public, anon, authenticated, service_role;
comment on function ops.without_secrets_v1(text) is 'The text without pulser''s secrets. Called by doctor_jobs_v1 and doctor_function_answers_v1.';
