ALTER TABLE webhook_endpoint
  ADD COLUMN filters jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN mute_windows jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN storm_threshold integer CHECK (storm_threshold BETWEEN 1 AND 1000),
  ADD COLUMN headers_sealed text,
  ADD COLUMN headers_masked jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN auth_sealed text,
  ADD COLUMN auth_masked jsonb NOT NULL DEFAULT '{"type": "none"}',
  ADD COLUMN previous_secret_sealed text,
  ADD COLUMN previous_secret_expires_at timestamptz,
  ADD COLUMN rate_limit_per_second integer CHECK (rate_limit_per_second BETWEEN 1 AND 1000),
  ADD CONSTRAINT webhook_endpoint_previous_secret_check
    CHECK ((previous_secret_sealed IS NULL) = (previous_secret_expires_at IS NULL));

-- What an endpoint matched and was spared: its own mute windows, or a storm of one rule.
CREATE TABLE held_back (
  event_id text NOT NULL REFERENCES event (id) ON DELETE CASCADE,
  endpoint_id text NOT NULL REFERENCES webhook_endpoint (id),
  reason text NOT NULL CHECK (reason IN ('muted', 'storm')),
  rule text CHECK ((rule IS NOT NULL) = (reason = 'storm')),
  summary_event_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (event_id, endpoint_id)
);
CREATE INDEX held_back_endpoint_idx ON held_back (endpoint_id, created_at DESC, event_id DESC);
CREATE INDEX held_back_untold_idx ON held_back (endpoint_id, rule)
  WHERE reason = 'storm' AND summary_event_id IS NULL;

-- The alerts of one rule within the window that began with the first of them.
CREATE TABLE alert_storm (
  endpoint_id text NOT NULL REFERENCES webhook_endpoint (id),
  rule text NOT NULL,
  started_at timestamptz NOT NULL,
  seen integer NOT NULL,
  PRIMARY KEY (endpoint_id, rule)
);
CREATE INDEX alert_storm_started_idx ON alert_storm (started_at);
