-- The key that signs the values of buttons is made here, once: no person ever needs to see it. 256 bits out of 366.
create or replace function ops.ensure_button_key_v1()
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('pulser.button_key', 0));
    if ops.read_secret_v1('pulser_button_key') is not null then
        return false;
    end if;
    return ops.store_secret_v1('pulser_button_key', encode(sha256(
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    ), 'hex'));
end;
$$;

revoke all on function ops.ensure_button_key_v1() from public, anon, authenticated, service_role;
comment on function ops.ensure_button_key_v1() is 'Puts a new pulser_button_key into Vault where there is none; true when it did. Called by its migration and `pulser dev`, as the owner of the database.';

select ops.ensure_button_key_v1();
