-- Whether an update of a digest may be sent now; then it counts against the rate that claim_updates_v1 keeps. Five of the ten at once
-- are left to cards, whose people wait for what their click did: a digest can be posted instead.
create or replace function ops.take_update_v1()
returns boolean
language plpgsql
set search_path = ''
as $$
begin
    if ops.slack_held_until_v1('chat.update') is not null then
        return false;
    end if;
    insert into ops.slack_paces (method) values ('chat.update') on conflict (method) do nothing;
    update ops.slack_paces p set used_until = greatest(p.used_until, clock_timestamp()) + interval '1.5 seconds'
    where p.method = 'chat.update' and p.used_until <= clock_timestamp() + interval '6 seconds';
    return found;
end;
$$;

revoke all on function ops.take_update_v1() from public, anon, authenticated, service_role;
comment on function ops.take_update_v1() is 'Takes one chat.update out of Slack''s rate, if there are many left. Called by fold_posts_v1.';
