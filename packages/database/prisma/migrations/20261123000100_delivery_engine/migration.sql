-- How a failing endpoint does, apart from its settings, so that a failure is no change of the endpoint. One that
-- answers well has no row.
CREATE TABLE endpoint_health (
  endpoint_id text PRIMARY KEY REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
  failures integer NOT NULL,
  failing_since timestamptz NOT NULL DEFAULT now(),
  last_failure_at timestamptz NOT NULL DEFAULT now(),
  open_until timestamptz,
  open_ms integer,
  probe_lease text,
  noticed_percent integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX endpoint_health_failing_idx ON endpoint_health (failing_since);

CREATE FUNCTION forget_endpoint_health() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM endpoint_health WHERE endpoint_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER webhook_endpoint_anew AFTER UPDATE OF enabled, url_sealed, deleted_at ON webhook_endpoint
  FOR EACH ROW WHEN (NEW.enabled AND NOT OLD.enabled OR NEW.url_sealed <> OLD.url_sealed OR NEW.deleted_at IS NOT NULL)
  EXECUTE FUNCTION forget_endpoint_health();

-- First attempts and retries are claimed apart, so that neither backlog hides the other.
DROP INDEX delivery_due_idx;
CREATE INDEX delivery_due_idx ON delivery (endpoint_id, (attempts_count > 0), due_at)
  WHERE status = 'pending' AND lease_owner IS NULL;
