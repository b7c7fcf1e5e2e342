-- `unfinished` says what an interrupted sync has already read, so that the next one goes on from there;
-- `reconcile_until` does so for a reconciliation.
ALTER TABLE siem_provider
  ADD COLUMN include_closed boolean NOT NULL DEFAULT false,
  ADD COLUMN allow_status_changes boolean NOT NULL DEFAULT false,
  ADD COLUMN unfinished jsonb,
  ADD COLUMN next_reconcile_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN reconcile_owner text,
  ADD COLUMN reconcile_until text,
  ADD COLUMN last_reconciled_at timestamptz;

-- `merged_into` is the number of an incident of the same workspace, which may be stored later or never;
-- `own_comments` are those of ours that Sentinel's count is known to hold.
ALTER TABLE incident
  ADD COLUMN merged_into bigint,
  ADD COLUMN reopened_at timestamptz,
  ADD COLUMN deleted_in_sentinel_at timestamptz,
  ADD COLUMN comments_count integer NOT NULL DEFAULT 0,
  ADD COLUMN own_comments integer NOT NULL DEFAULT 0,
  ADD COLUMN details_tries integer NOT NULL DEFAULT 0;
CREATE INDEX incident_merged_into_idx ON incident (provider_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX incident_provider_created_idx ON incident (provider_id, created_at DESC);

-- What Sentinel listed and could not be stored, until it can be.
CREATE TABLE skipped_incident (
  provider_id text NOT NULL REFERENCES siem_provider (id) ON DELETE CASCADE,
  sentinel_name text NOT NULL,
  number bigint,
  reason text NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider_id, sentinel_name)
);
