-- Whatever incidents name. Where two entities turn out to be one, a row goes into the other under a lock that all who
-- store readings share; what refers to it is moved first.
CREATE TABLE entity (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,
  type text NOT NULL,
  value text NOT NULL,
  strength text NOT NULL CHECK (strength IN ('strong', 'weak')),
  attributes jsonb NOT NULL DEFAULT '{}',
  -- When each attribute was seen, in milliseconds: of two values the later counts, in whatever order they came.
  attribute_times jsonb NOT NULL DEFAULT '{}',
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  verdict text CHECK (verdict IN ('malicious', 'suspicious', 'benign', 'unknown')),
  risk integer CHECK (risk BETWEEN 0 AND 100)
);

CREATE TABLE entity_alias (
  alias text NOT NULL,
  entity_id bigint NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
  is_strong boolean NOT NULL,
  PRIMARY KEY (alias, entity_id)
);
CREATE UNIQUE INDEX entity_alias_strong_key ON entity_alias (alias) WHERE is_strong;
CREATE INDEX entity_alias_entity_idx ON entity_alias (entity_id);

-- No foreign key to the incident: its check would wait for the sync that is storing the incident, and that for it.
CREATE TABLE incident_entity (
  incident_id text NOT NULL,
  entity_id bigint NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
  source text NOT NULL CHECK (source IN ('sentinel', 'alert', 'text')),
  confidence real NOT NULL,
  role text NOT NULL DEFAULT '',
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  count integer NOT NULL DEFAULT 1,
  PRIMARY KEY (incident_id, entity_id)
);
CREATE INDEX incident_entity_entity_idx ON incident_entity (entity_id);

-- `source_ref` is the id of the incident that states it.
CREATE TABLE relation (
  kind text NOT NULL,
  from_id bigint NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
  to_id bigint NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
  source_ref text NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  count integer NOT NULL DEFAULT 1,
  PRIMARY KEY (kind, from_id, to_id, source_ref),
  CHECK (from_id <> to_id)
);
CREATE INDEX relation_from_idx ON relation (from_id);
CREATE INDEX relation_to_idx ON relation (to_id);
CREATE INDEX relation_source_idx ON relation (source_ref);

-- `version` grows whenever the row becomes due or is claimed: who claimed an older one settles nothing.
CREATE TABLE incident_reading (
  incident_id text PRIMARY KEY,
  due_at timestamptz,
  read_at timestamptz,
  techniques text[] NOT NULL DEFAULT '{}',
  unread jsonb NOT NULL DEFAULT '[]',
  version bigint NOT NULL DEFAULT 0
);
CREATE INDEX incident_reading_due_idx ON incident_reading (due_at) WHERE due_at IS NOT NULL;
-- What became due last is read first: what is stored already comes after everything newer, the newest first. Its version
-- tells that its first reading is no change to those who read changes.
INSERT INTO incident_reading (incident_id, due_at, version)
  SELECT id, now() - row_number() OVER (ORDER BY last_modified_at DESC) * interval '1 microsecond', -1 FROM incident;

CREATE TABLE list_entry (
  id text PRIMARY KEY,
  list text NOT NULL CHECK (list IN ('allow', 'watch', 'internal', 'approved')),
  type text NOT NULL,
  value text NOT NULL,
  key text NOT NULL,
  note text,
  owner text,
  ends_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  UNIQUE (list, key)
);
CREATE INDEX list_entry_created_idx ON list_entry (list, created_at DESC, id DESC);

-- The outbox of the graph. `ref`: an incident's id, an entity's id, or, of `merged`, the key that is no entity's own any
-- more: by now a strong alias of the entity that `into_id` was, which may since have gone into another.
CREATE TABLE graph_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('incident', 'entity', 'merged')),
  ref text NOT NULL,
  into_id bigint,
  lease_owner text,
  lease_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((into_id IS NOT NULL) = (kind = 'merged'))
);
ALTER TABLE graph_change SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
