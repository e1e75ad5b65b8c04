-- Whether the installation has an administrator.
select to_jsonb(logic.admin_exists())
