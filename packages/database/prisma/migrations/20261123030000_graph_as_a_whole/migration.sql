-- One row that stands for everything there is: for a graph that is new, or that was not told what changed.
ALTER TABLE graph_change DROP CONSTRAINT graph_change_kind_check,
  ADD CONSTRAINT graph_change_kind_check CHECK (kind IN ('incident', 'entity', 'merged', 'all'));
CREATE INDEX graph_change_all_idx ON graph_change (id) WHERE kind = 'all';
