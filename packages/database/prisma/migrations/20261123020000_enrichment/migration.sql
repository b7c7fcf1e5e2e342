-- One row per incident: the run that is asked for or under way, and the last result. `due_at`: when a run is to begin; of
-- one that runs, when it began. `next_run_id`: a run that was forced while one that is not was under way. `is_stale`:
-- what it reads has changed since it began. No foreign key to the incident: its check would wait for the sync that is
-- storing the incident.
CREATE TABLE enrichment (
  incident_id text PRIMARY KEY,
  status text NOT NULL DEFAULT 'idle' CHECK (status IN ('idle', 'queued', 'running')),
  run_id text,
  next_run_id text,
  forced boolean NOT NULL DEFAULT false,
  is_stale boolean NOT NULL DEFAULT false,
  requested_at timestamptz,
  started_at timestamptz,
  lease_owner text,
  tries integer NOT NULL DEFAULT 0,
  error jsonb,
  version integer NOT NULL DEFAULT 0,
  result jsonb,
  result_run_id text,
  -- What the result says of each entity, by its key, for the history of other incidents.
  verdicts jsonb NOT NULL DEFAULT '{}',
  completed_at timestamptz,
  due_at timestamptz,
  -- How often it was done again because Sentinel showed no entities yet.
  rechecks integer NOT NULL DEFAULT 0,
  -- The severity at which a run was last due by itself.
  auto_done_severity text,
  CHECK (status = 'idle' OR (run_id IS NOT NULL AND due_at IS NOT NULL)),
  CHECK ((lease_owner IS NOT NULL) = (status = 'running'))
);
CREATE INDEX enrichment_due_idx ON enrichment (due_at) WHERE due_at IS NOT NULL;

-- The last answer of each provider, which Redis keeps as well.
CREATE TABLE intelligence (
  provider text NOT NULL,
  entity_key text NOT NULL,
  answer jsonb NOT NULL,
  fetched_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (entity_key, provider)
);
CREATE INDEX intelligence_expires_idx ON intelligence (expires_at);
