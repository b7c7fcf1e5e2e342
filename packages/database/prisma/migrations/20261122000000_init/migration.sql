CREATE TABLE worker_lease (
  owner text PRIMARY KEY,
  service text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE siem_provider (
  id text PRIMARY KEY,
  name text NOT NULL,
  provider_type text NOT NULL CHECK (provider_type IN ('sentinel')),
  is_default boolean NOT NULL DEFAULT false,
  enabled boolean NOT NULL DEFAULT true,
  cloud text NOT NULL DEFAULT 'public' CHECK (cloud IN ('public', 'usgov')),
  tenant_id text NOT NULL,
  client_id text NOT NULL,
  client_secret_sealed text NOT NULL,
  client_secret_masked text NOT NULL,
  workspace_id text NOT NULL,
  subscription_id text NOT NULL,
  resource_group text NOT NULL,
  workspace_name text NOT NULL,
  sync_interval_s integer CHECK (sync_interval_s BETWEEN 10 AND 86400),
  first_window text NOT NULL DEFAULT 'P7D',
  alert_backlog boolean NOT NULL DEFAULT false,
  connected_at timestamptz NOT NULL DEFAULT now(),
  watermark timestamptz,
  next_sync_at timestamptz NOT NULL DEFAULT now(),
  last_synced_at timestamptz,
  last_error jsonb,
  consecutive_failures integer NOT NULL DEFAULT 0,
  sync_owner text,
  last_health_check timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX siem_provider_name_key ON siem_provider (name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX siem_provider_workspace_key ON siem_provider (workspace_id);
CREATE UNIQUE INDEX siem_provider_default_key ON siem_provider (is_default) WHERE is_default;
CREATE INDEX siem_provider_due_idx ON siem_provider (next_sync_at) WHERE enabled AND deleted_at IS NULL;

CREATE TABLE azure_read_quota (
  subscription_id text PRIMARY KEY,
  reads timestamptz[] NOT NULL DEFAULT '{}',
  blocked_until timestamptz
);

CREATE TABLE incident (
  id text PRIMARY KEY,
  provider_id text NOT NULL REFERENCES siem_provider (id),
  sentinel_name text NOT NULL,
  number bigint NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('informational', 'low', 'medium', 'high')),
  status text NOT NULL CHECK (status IN ('new', 'active', 'closed')),
  classification text,
  classification_reason text,
  classification_comment text,
  owner text,
  labels text[] NOT NULL,
  tactics text[] NOT NULL,
  techniques text[] NOT NULL,
  alerts_count integer NOT NULL,
  provider_name text,
  provider_incident_id text,
  incident_url text,
  created_at timestamptz NOT NULL,
  last_modified_at timestamptz NOT NULL,
  first_activity_at timestamptz,
  last_activity_at timestamptz,
  etag text,
  raw jsonb NOT NULL,
  entities jsonb NOT NULL DEFAULT '[]',
  details_due_at timestamptz,
  details_synced_at timestamptz,
  first_synced_at timestamptz NOT NULL DEFAULT now(),
  synced_at timestamptz NOT NULL DEFAULT now(),
  change_seq xid8 NOT NULL DEFAULT pg_current_xact_id(),
  alerted_severity text,
  priority text,
  notes text,
  tags text[] NOT NULL DEFAULT '{}',
  assignee text,
  local_updated_at timestamptz,
  CONSTRAINT incident_sentinel_name_key UNIQUE (provider_id, sentinel_name),
  CONSTRAINT incident_number_key UNIQUE (provider_id, number)
) WITH (fillfactor = 85);
CREATE INDEX incident_created_idx ON incident (created_at DESC, id DESC);
CREATE INDEX incident_modified_idx ON incident (last_modified_at DESC, id DESC);
CREATE INDEX incident_synced_idx ON incident (synced_at DESC, id DESC);
CREATE INDEX incident_number_idx ON incident (number);
CREATE INDEX incident_details_due_idx ON incident (provider_id, details_due_at) WHERE details_due_at IS NOT NULL;

CREATE TABLE alert (
  id text PRIMARY KEY,
  provider_id text NOT NULL REFERENCES siem_provider (id),
  system_alert_id text NOT NULL,
  raw jsonb NOT NULL,
  synced_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT alert_system_alert_id_key UNIQUE (provider_id, system_alert_id)
);

CREATE TABLE incident_alert (
  incident_id text NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
  alert_id text NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  PRIMARY KEY (incident_id, alert_id)
);
CREATE INDEX incident_alert_alert_idx ON incident_alert (alert_id);

CREATE TABLE event (
  id text PRIMARY KEY,
  type text NOT NULL,
  cause_key text NOT NULL CONSTRAINT event_cause_key_key UNIQUE,
  provider_id text REFERENCES siem_provider (id),
  body bytea NOT NULL,
  traceparent text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_created_idx ON event (created_at DESC, id DESC);

CREATE TABLE webhook_endpoint (
  id text PRIMARY KEY,
  name text NOT NULL,
  description text,
  url_sealed text NOT NULL,
  url_masked text NOT NULL,
  event_types text[] NOT NULL,
  severity_min text CHECK (severity_min IN ('medium', 'high', 'critical')),
  alert_on text[] NOT NULL DEFAULT '{new}',
  triggers text[] NOT NULL DEFAULT '{schedule}',
  providers text[],
  secret_sealed text NOT NULL,
  timeout_ms integer NOT NULL DEFAULT 15000 CHECK (timeout_ms BETWEEN 1000 AND 30000),
  retry_schedule_s integer[],
  max_in_flight integer NOT NULL DEFAULT 10 CHECK (max_in_flight BETWEEN 1 AND 100),
  enabled boolean NOT NULL DEFAULT true,
  disabled_reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX webhook_endpoint_created_idx ON webhook_endpoint (created_at DESC, id DESC) WHERE deleted_at IS NULL;

-- Every attempt updates a delivery twice: the free space keeps the new versions on the same page.
CREATE TABLE delivery (
  id text PRIMARY KEY,
  event_id text NOT NULL REFERENCES event (id),
  endpoint_id text NOT NULL REFERENCES webhook_endpoint (id),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'dead', 'cancelled')),
  attempts_count integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  lease_owner text,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  CONSTRAINT delivery_event_endpoint_key UNIQUE (event_id, endpoint_id)
) WITH (fillfactor = 70);
CREATE INDEX delivery_due_idx ON delivery (endpoint_id, due_at) WHERE status = 'pending' AND lease_owner IS NULL;
CREATE INDEX delivery_lease_idx ON delivery (lease_owner) WHERE lease_owner IS NOT NULL;
CREATE INDEX delivery_created_idx ON delivery (created_at DESC, id DESC);
CREATE INDEX delivery_endpoint_created_idx ON delivery (endpoint_id, created_at DESC, id DESC);

CREATE TABLE delivery_attempt (
  delivery_id text NOT NULL,
  number integer NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  outcome text NOT NULL,
  status_code integer,
  request_headers jsonb NOT NULL,
  response_headers jsonb,
  response_body text,
  PRIMARY KEY (delivery_id, number, started_at)
) PARTITION BY RANGE (started_at);
CREATE TABLE delivery_attempt_default PARTITION OF delivery_attempt DEFAULT;

CREATE TABLE api_key (
  id text PRIMARY KEY,
  key_id text NOT NULL CONSTRAINT api_key_key_id_key UNIQUE,
  name text NOT NULL,
  description text,
  scopes text[] NOT NULL,
  providers text[] NOT NULL DEFAULT '{}',
  secret_hash text NOT NULL,
  is_bootstrap boolean NOT NULL DEFAULT false,
  rate_limit_per_minute integer NOT NULL DEFAULT 120 CHECK (rate_limit_per_minute BETWEEN 1 AND 1000000),
  expires_at timestamptz,
  disabled_at timestamptz,
  last_used_at timestamptz,
  last_used_ip text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

CREATE TABLE api_key_usage (
  api_key_id text NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
  hour timestamptz NOT NULL,
  requests bigint NOT NULL,
  PRIMARY KEY (api_key_id, hour)
);

CREATE TABLE audit_log (
  id text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL,
  before jsonb,
  after jsonb,
  ip text,
  request_id text,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT;
CREATE INDEX audit_log_at_idx ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_target_idx ON audit_log (target_type, target_id, at DESC);

CREATE TABLE idempotency_key (
  principal text NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  status integer,
  response_sealed text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_key_expires_idx ON idempotency_key (expires_at);

-- Makes the monthly partitions of a table from the given month on; rows that fell into the default one move along.
CREATE FUNCTION ensure_month_partitions(parent regclass, key_column text, first_month date, months integer)
RETURNS integer LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
  month date;
  partition text;
  made integer := 0;
BEGIN
  FOR i IN 0 .. months - 1 LOOP
    month := (date_trunc('month', first_month) + make_interval(months => i))::date;
    partition := format('%s_%s', parent::text, to_char(month, 'YYYY_MM'));
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
    EXECUTE format(
      'WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
      parent::text || '_default', key_column, month, key_column, (month + interval '1 month')::date, partition);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      parent, partition, month, (month + interval '1 month')::date);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;

SELECT ensure_month_partitions('delivery_attempt', 'started_at', current_date, 4);
SELECT ensure_month_partitions('audit_log', 'at', current_date, 4);
