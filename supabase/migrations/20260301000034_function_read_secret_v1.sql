-- Vault holds the secrets of the whole project; only pulser's own names can be read through here (invariant 9).
create or replace function ops.read_secret_v1(name text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
    select s.decrypted_secret
    from vault.decrypted_secrets s
    where s.name = read_secret_v1.name
        and (
            s.name in (
                'slack_bot_token', 'slack_app_token', 'slack_signing_secret', 'slack_signing_secret_previous',
                'slack_client_secret', 'slack_refresh_token', 'pulser_functions_url', 'pulser_function_key',
                'pulser_button_key'
            )
            or s.name ~ '^pulser_hook_[a-z0-9_]+$'
        )
$$;

revoke all on function ops.read_secret_v1(text) from public, anon, authenticated;
grant execute on function ops.read_secret_v1(text) to service_role;
comment on function ops.read_secret_v1(text) is 'One of pulser''s secrets from Vault, null when it is not there. Called by the functions (shared/pulser/vault.py) and ring_doorbell_v1.';
