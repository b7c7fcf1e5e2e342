-- Azure counts reads of alerts and entities apart from writes of incidents, each per subscription. The table that this one
-- takes the place of stays for the release that still runs during an upgrade.
CREATE TABLE azure_quota (
  subscription_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('read', 'write')),
  taken timestamptz[] NOT NULL DEFAULT '{}',
  blocked_until timestamptz,
  PRIMARY KEY (subscription_id, kind)
);
INSERT INTO azure_quota (subscription_id, kind, taken, blocked_until)
  SELECT subscription_id, 'read', reads, blocked_until FROM azure_read_quota;

-- `posting` is committed before Azure is asked, and stays where its answer was lost until Azure was read again.
CREATE TABLE comment (
  id text PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
  provider_id text NOT NULL REFERENCES siem_provider (id),
  sentinel_name text NOT NULL,
  message text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'posting', 'posted', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  lease_owner text,
  error jsonb,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  posted_at timestamptz,
  CONSTRAINT comment_sentinel_name_key UNIQUE (provider_id, sentinel_name)
);
CREATE INDEX comment_incident_idx ON comment (incident_id, created_at DESC, id DESC);
CREATE INDEX comment_due_idx ON comment (due_at) WHERE status IN ('pending', 'posting');

-- `basis` is the incident as its caller knew it: what differs from it in Azure is a conflict.
CREATE TABLE status_change (
  id text PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
  provider_id text NOT NULL REFERENCES siem_provider (id),
  requested jsonb NOT NULL,
  basis jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'applying', 'applied', 'failed', 'conflict')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  lease_owner text,
  error jsonb,
  before jsonb,
  after jsonb,
  created_by text NOT NULL,
  request_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
);
CREATE INDEX status_change_incident_idx ON status_change (incident_id);
CREATE INDEX status_change_due_idx ON status_change (due_at) WHERE status IN ('pending', 'applying');
