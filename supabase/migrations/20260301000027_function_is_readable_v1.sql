-- Whether a reader takes a JSON value: of this size at most, nested no deeper than 32, no number beyond 1e300.
-- Python's reader refuses some 1,000 levels and integers of more than 4,300 digits, and would refuse all that stands beside them.
create or replace function ops.is_readable_v1(value jsonb, most_bytes integer)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select case
        when pg_column_size(value) > most_bytes or jsonb_path_exists(value, 'strict $.**{32}') then false
        else not jsonb_path_exists(value, 'strict $.** ? (@ > 1e300 || @ < -1e300)')
    end
$$;

revoke all on function ops.is_readable_v1(jsonb, integer) from public, anon, authenticated, service_role;
comment on function ops.is_readable_v1(jsonb, integer) is 'Whether a JSON value is small, flat and plain enough for every reader. Called by readable_payload_v1.';
