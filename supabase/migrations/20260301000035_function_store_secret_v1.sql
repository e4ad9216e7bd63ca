-- Writes one of pulser's secrets into Vault, new or changed. For the owner of the database alone.
create or replace function ops.store_secret_v1(name text, value text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    known uuid;
begin
    if name is null or name !~ '^pulser_hook_[a-z0-9_]+$' and name not in (
        'slack_bot_token', 'slack_app_token', 'slack_signing_secret', 'slack_signing_secret_previous',
        'slack_client_secret', 'slack_refresh_token', 'pulser_functions_url', 'pulser_function_key',
        'pulser_button_key'
    ) then
        raise exception '% is not a secret of pulser', name
            using errcode = 'invalid_parameter_value', hint = 'ssot/secrets/registry.yaml lists the names.';
    end if;
    select s.id into known from vault.decrypted_secrets s where s.name = store_secret_v1.name;
    if known is null then
        perform vault.create_secret(value, name);
    else
        perform vault.update_secret(known, value);
    end if;
    return known is null;
end;
$$;

revoke all on function ops.store_secret_v1(text, text) from public, anon, authenticated, service_role;
comment on function ops.store_secret_v1(text, text) is 'Stores one of pulser''s secrets in Vault; true when it is new. Called by `pulser dev` and ensure_button_key_v1, as the owner of the database.';
