-- pg_net rings the functions, pg_cron sweeps, Vault keeps the secrets. Where an object of the same name and signature
-- is there already (the real extension, or the stand-in of `pulser dev`), it is used.
do $$
begin
    if to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is null then
        create extension if not exists pg_net;
    end if;
    if to_regprocedure('cron.schedule(text, text, text)') is null then
        create extension if not exists pg_cron;
    end if;
    if to_regclass('vault.decrypted_secrets') is null then
        create extension if not exists supabase_vault cascade;
    end if;
exception
    when others then
        raise exception 'pulser needs the extensions pg_net, pg_cron and supabase_vault: %', sqlerrm
            using hint = 'On Supabase switch them on under Database, Extensions; elsewhere run `pulser dev --database-url`.';
end;
$$;
