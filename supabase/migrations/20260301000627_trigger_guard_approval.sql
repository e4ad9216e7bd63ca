create or replace trigger guard_approval
before insert or update on ops.approvals
for each row execute function ops.guard_approval_v1();
