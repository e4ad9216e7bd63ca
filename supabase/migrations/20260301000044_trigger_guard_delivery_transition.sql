create or replace trigger guard_delivery_transition
before update of status on ops.deliveries
for each row when (old.status is distinct from new.status)
execute function ops.guard_delivery_transition_v1();
