-- `unhealthy` is what endpoints were told is wrong with a workspace, until they are told that it is over.
ALTER TABLE siem_provider
  ADD COLUMN failing_since timestamptz,
  ADD COLUMN unhealthy jsonb;
UPDATE siem_provider SET failing_since = now() WHERE consecutive_failures > 0;
