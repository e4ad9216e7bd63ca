-- A deploy that ends, however it ends, gives its place to the one that waits the longest; one that lines up is told of, and takes its
-- turn at once when nothing runs any more. That there is no next one must keep no deploy from ending: the cron job looks for what is left.
create or replace function ops.pass_turn_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        perform ops.tell_of_card_v1(new, 'deploy.queued', 'ops_deploy_queue', jsonb_build_object(
            'severity', 'info', 'behind', new.state #>> '{queue,behind,card_id}', 'requested_by', new.state #>> '{requested,user}'
        ));
    end if;
    perform ops.take_turn_v1(new.service, new.environment, case tg_op when 'UPDATE' then new end);
    return null;
exception
    when others then
        raise warning 'pulser: nobody took his turn after the deploy %: % %', new.card_id, sqlstate, sqlerrm;
        return null;
end;
$$;

revoke all on function ops.pass_turn_v1() from public, anon, authenticated, service_role;
comment on function ops.pass_turn_v1() is 'Lets the next deploy go on. Called by the triggers pass_turn and line_up on ops.cards.';
