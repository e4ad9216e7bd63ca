-- What can be said of pulser's secrets without telling them: no value, no length, no part of one.
create or replace function ops.doctor_secrets_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'name', s.name,
        'empty', coalesce(s.decrypted_secret, '') ~ '^\s*$',
        'padded', s.decrypted_secret ~ '^\s|\s$',
        'kind', case
            when s.decrypted_secret ~ '^(xoxe\.)?xoxb-' then 'bot token'
            when s.decrypted_secret like 'xapp-%' then 'app token'
            when s.decrypted_secret ~ '^xox' then 'another token'
            when s.decrypted_secret ~ '^https?://[^/@]*@' then 'address with a password'
            when s.decrypted_secret ~* '^https://' then 'address'
            when s.decrypted_secret ~* '^http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?/' then 'local address'
            when s.decrypted_secret ~* '^http://' then 'open address'
        end
    ) order by s.name), '[]')
    from vault.decrypted_secrets s
    where s.name ~ '^(slack|pulser)_'
$$;

revoke all on function ops.doctor_secrets_v1() from public, anon, authenticated;
grant execute on function ops.doctor_secrets_v1() to service_role;
comment on function ops.doctor_secrets_v1() is 'Which of pulser''s names are in Vault, and whether what is there looks right. Called by `pulser doctor`.';
