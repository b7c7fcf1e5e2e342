-- A delivery that is replayed begins its retry schedule anew: the attempts before do not count for it.
ALTER TABLE delivery
  ADD COLUMN schedule_start integer NOT NULL DEFAULT 0,
  ADD COLUMN recovery_id text;
CREATE INDEX delivery_dead_idx ON delivery (created_at DESC, id DESC) WHERE status = 'dead';
CREATE INDEX delivery_endpoint_dead_idx ON delivery (endpoint_id, created_at DESC, id DESC) WHERE status = 'dead';
CREATE INDEX delivery_recovery_idx ON delivery (recovery_id, due_at)
  WHERE recovery_id IS NOT NULL AND status = 'pending';

-- `publishers` are the transactions that may publish an event which the endpoint was too new, or disabled, to get,
-- and that were open when the recovery was made: it begins when they have ended.
CREATE TABLE recovery (
  id text PRIMARY KEY,
  endpoint_id text NOT NULL REFERENCES webhook_endpoint (id),
  mode text NOT NULL CHECK (mode IN ('since', 'dead', 'missed')),
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'cancelled')),
  from_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL,
  cursor_at timestamptz NOT NULL,
  cursor_id text NOT NULL DEFAULT '',
  total integer NOT NULL,
  done integer NOT NULL DEFAULT 0,
  room integer NOT NULL DEFAULT 1,
  publishers text[] NOT NULL,
  next_step_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
);
CREATE UNIQUE INDEX recovery_running_key ON recovery (endpoint_id) WHERE status = 'running';
CREATE INDEX recovery_ended_idx ON recovery (completed_at) WHERE status <> 'running';

-- When an endpoint was not there to be told, whoever disabled it: what no recovery has looked at yet.
CREATE TABLE endpoint_gap (
  endpoint_id text NOT NULL REFERENCES webhook_endpoint (id),
  from_at timestamptz NOT NULL,
  until_at timestamptz,
  PRIMARY KEY (endpoint_id, from_at)
);
CREATE UNIQUE INDEX endpoint_gap_open_key ON endpoint_gap (endpoint_id) WHERE until_at IS NULL;
INSERT INTO endpoint_gap (endpoint_id, from_at, until_at)
  SELECT id, '-infinity', CASE WHEN enabled THEN created_at END FROM webhook_endpoint WHERE deleted_at IS NULL;

CREATE FUNCTION open_endpoint_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO endpoint_gap (endpoint_id, from_at) VALUES (NEW.id, clock_timestamp());
  RETURN NULL;
END $$;
CREATE FUNCTION close_endpoint_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE endpoint_gap SET until_at = clock_timestamp() WHERE endpoint_id = NEW.id AND until_at IS NULL;
  RETURN NULL;
END $$;
CREATE FUNCTION note_new_endpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO endpoint_gap (endpoint_id, from_at, until_at)
    VALUES (NEW.id, '-infinity', CASE WHEN NEW.enabled THEN clock_timestamp() END);
  RETURN NULL;
END $$;
CREATE TRIGGER webhook_endpoint_new AFTER INSERT ON webhook_endpoint
  FOR EACH ROW EXECUTE FUNCTION note_new_endpoint();
CREATE TRIGGER webhook_endpoint_disabled AFTER UPDATE OF enabled ON webhook_endpoint
  FOR EACH ROW WHEN (OLD.enabled AND NOT NEW.enabled) EXECUTE FUNCTION open_endpoint_gap();
CREATE TRIGGER webhook_endpoint_enabled AFTER UPDATE OF enabled ON webhook_endpoint
  FOR EACH ROW WHEN (NEW.enabled AND NOT OLD.enabled) EXECUTE FUNCTION close_endpoint_gap();
