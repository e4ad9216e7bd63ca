create or replace trigger guard_quorum
before update on ops.cards
for each row when (old.state ? 'quorum' and (
    old.state -> 'quorum' is distinct from new.state -> 'quorum'
    or old.state #> '{requested,user}' is distinct from new.state #> '{requested,user}'
    or (old.service, old.environment) is distinct from (new.service, new.environment)
    or old.release is not null and old.release is distinct from new.release
))
execute function ops.guard_quorum_v1();
