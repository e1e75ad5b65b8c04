-- Actors as the API shows them.

-- An actor as the API shows it.
create function logic.actor_json(actor text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('id', a.id, 'kind', a.kind, 'name', a.name, 'email', u.email, 'is_admin', a.is_admin,
                              'owner_id', a.owner_id, 'created_at', a.created_at, 'disabled_at', a.disabled_at)
      from actors a left join users u on u.actor_id = a.id
     where a.id = actor;
end;
