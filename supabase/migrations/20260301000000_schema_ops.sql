-- The schema of everything pulser keeps. Nobody but the service role gets in (invariant 9; design, section 4).
create schema if not exists ops;

revoke all on schema ops from public, anon, authenticated;
grant usage on schema ops to service_role;
