-- All time in SQL: the database's clock, plus an offset that only the sandbox sets, so that time travel is one lever.
INSERT INTO app_clock (id, offset_ms) VALUES (1, 0);--> statement-breakpoint
CREATE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT now() + (SELECT offset_ms FROM app_clock WHERE id = 1) * interval '1 millisecond'
$$;--> statement-breakpoint
-- Row security behind every `where`: with parley.workspace_id set (lib/db/in-workspace.ts) only that workspace's rows exist.
-- Unset, as in the engine, all do. The sub-selects are evaluated once a statement, not once a row. Superusers are not bound.
DO $$
DECLARE
  tenant record;
  key text;
BEGIN
  FOR tenant IN
    SELECT c.relname AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
      AND (c.relname = 'workspace' OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped))
  LOOP
    key := CASE WHEN tenant.name = 'workspace' THEN 'id' ELSE 'workspace_id' END;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant.name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant.name);
    EXECUTE format(
      'CREATE POLICY own_workspace ON %I USING (
         (SELECT coalesce(current_setting(''parley.workspace_id'', true), '''') = '''')
         OR %I::text = (SELECT current_setting(''parley.workspace_id'', true)))', tenant.name, key);
  END LOOP;
END
$$;
