-- Asks each function for its health by the way that every ring takes: Vault's address, pg_net, the network. Nothing is done there.
create or replace function ops.doctor_ask_functions_v1(functions text[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    functions_url text := ops.read_secret_v1('pulser_functions_url');
    function text;
    asked jsonb := jsonb_build_object();
begin
    if functions_url is null then
        return null;
    end if;
    foreach function in array functions loop
        if function !~ '^[a-z]+-[a-z]+$' then
            raise exception '% is no name of a function', function using errcode = 'invalid_parameter_value';
        end if;
        begin
            asked := asked || jsonb_build_object(function, net.http_get(
                url := rtrim(functions_url, '/') || '/' || function,
                params := '{"action": "health"}',
                timeout_milliseconds := 8000
            ));
        exception
            when others then
                -- pg_net's own words may quote the address.
                raise exception 'pg_net takes no request for pulser_functions_url (%)', sqlstate
                    using errcode = 'invalid_parameter_value';
        end;
    end loop;
    return asked;
end;
$$;

revoke all on function ops.doctor_ask_functions_v1(text[]) from public, anon, authenticated;
grant execute on function ops.doctor_ask_functions_v1(text[]) to service_role;
comment on function ops.doctor_ask_functions_v1(text[]) is 'Sends a health request to each function through pg_net: {name: request id}, null where Vault has no address. Called by `pulser doctor`.';
