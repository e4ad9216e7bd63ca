-- What follows from a turn, in its transaction: the call of the hook when it begins, the card's message, an event, and a note in the
-- card's thread, for a message that changes in place calls nobody.
create or replace function ops.follow_turn_v1(turn ops.cards, begins boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
    before constant jsonb := turn.state #> '{queue,turn,after}';
begin
    if begins then
        perform ops.queue_hook_v1(turn.card_id, jsonb_build_object('service', turn.service, 'action', 'deploy', 'inputs', jsonb_build_object(
            'version', turn.release, 'environment', turn.environment, 'reason', turn.state #> '{requested,reason}',
            'requested_by', turn.state #> '{requested,user}', 'approved_by', null
        )));
    end if;
    perform ops.refresh_card_v1(turn.card_id);
    perform ops.queue_turn_note_v1(turn);
    perform ops.tell_of_card_v1(turn, 'deploy.turn_taken', 'ops_deploy_queue', jsonb_build_object(
        'severity', 'info', 'phase', turn.phase, 'after', before ->> 'card_id',
        'reason', case
            when jsonb_typeof(before) is distinct from 'object' then 'nothing is under way'
            when (before ->> 'broke')::boolean then format('the one before it is %s: somebody should look first', before ->> 'phase')
            else format('the one before it is %s', before ->> 'phase')
        end
    ));
end;
$$;

revoke all on function ops.follow_turn_v1(ops.cards, boolean) from public, anon, authenticated, service_role;
comment on function ops.follow_turn_v1(ops.cards, boolean) is 'The effects of a turn. Called by take_turn_v1.';
