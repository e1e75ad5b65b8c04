-- Consent between owners: invitations to become a member, what a disabled person takes along, and which credential
-- made a key.

-- A membership that waits for the yes of the person, or of the agent's owner. Also kept for names that exist nowhere,
-- so that the inviting workflow cannot tell them apart.
create table membership_invitations (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    -- What the inviting owner wrote: an actor's id or an e-mail address, in lower case.
    named text not null constraint membership_invitations_named_length check (char_length(named) between 1 and 320),
    -- Null if there was no such actor.
    actor_id text collate "C" references actors (id),
    role text not null constraint membership_invitations_role check (role in ('viewer', 'member', 'owner')),
    invited_by text collate "C" not null references actors (id),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    -- Set instead of deleting the row, so that the inviting workflow does not learn of it and cannot ask again.
    declined_at timestamptz,
    constraint membership_invitations_once unique (workflow_id, named)
);
create index membership_invitations_actor on membership_invitations (actor_id) where actor_id is not null;
create index membership_invitations_inviter on membership_invitations (invited_by);
create index membership_invitations_expiry on membership_invitations (expires_at);

alter table actors
    -- The person whose disabling disabled this agent too; enabling the person enables it again.
    add column disabled_with text collate "C";

alter table api_keys
    -- The key that made this one, and takes it along when it is revoked.
    add column created_by_key text collate "C";
-- Nothing is in the new column yet, and the table is small.
-- squawk-ignore require-concurrent-index-creation
create index api_keys_created_by_key on api_keys (created_by_key) where created_by_key is not null;
-- squawk-ignore require-concurrent-index-creation
create index api_keys_created_by on api_keys (created_by) where created_by is not null;

alter table workflows
    -- Whether every client may assign tickets to agents that do not exist yet, which creates them.
    add column provision_agents boolean not null default false;
