-- From when on the ledger keeps what became of an event: for 90 days after the last that happened to it. Its readers must say so of
-- what is older: an event stays for ever in ops.platform_events, what hangs on it does not.
create or replace function ops.kept_since_v1()
returns timestamptz
language sql
stable
set search_path = ''
as $$
    select now() - interval '90 days'
$$;

revoke all on function ops.kept_since_v1() from public, anon, authenticated, service_role;
comment on function ops.kept_since_v1() is 'What ended before is removed. Called by prune_ledger_v1, list_posts_v1, event_story_v1 and why_story_v1.';
