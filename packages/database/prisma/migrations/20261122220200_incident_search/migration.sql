-- Rewrites the table of incidents and builds its indexes under a lock: about a minute for a million, in which syncs wait
-- and the API answers nothing of incidents.

-- Each part is cut, so that no incident grows beyond what a tsvector holds.
CREATE FUNCTION incident_search(title text, description text, labels text[], tags text[], owner text,
  number bigint, provider_incident_id text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('simple', concat_ws(E'\n', left(title, 2000), left(description, 20000),
  left(array_to_string(labels, E'\n'), 20000), array_to_string(tags, E'\n'),
  left(owner, 1000), translate(left(owner, 1000), '@.-_', '    '), number::text, left(provider_incident_id, 100)));

ALTER TABLE incident ADD COLUMN search tsvector
  GENERATED ALWAYS AS (incident_search(title, description, labels, tags, owner, number, provider_incident_id)) STORED;
CREATE INDEX incident_search_idx ON incident USING gin (search);

-- Holds what lists filter by, so that a page and its count are found without the table.
DROP INDEX incident_created_idx;
CREATE INDEX incident_created_idx ON incident (created_at DESC, id DESC, severity, status, priority, provider_id);
CREATE INDEX incident_change_idx ON incident (provider_id, change_seq, id);
CREATE INDEX incident_tags_idx ON incident USING gin (tags) WHERE tags <> '{}';
CREATE INDEX incident_assignee_idx ON incident (assignee, created_at DESC, id DESC) WHERE assignee IS NOT NULL;
CREATE INDEX incident_provider_incident_idx ON incident (provider_incident_id) WHERE provider_incident_id IS NOT NULL;

-- An index answers alone where the pages are known to be visible, and the newest are what is asked for.
ALTER TABLE incident SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);
