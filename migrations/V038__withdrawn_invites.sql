-- When an invite link was withdrawn. Before, a withdrawn one expired when it was created, which said nothing about the time.
alter table invites add column withdrawn_at timestamptz;
update invites set withdrawn_at = created_at where used_at is null and expires_at <= created_at;
