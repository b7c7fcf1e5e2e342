import type pg from 'pg';

const WATCH = `CREATE TABLE heartbeat_gap (noticed_at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE FUNCTION note_heartbeat_gap() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO heartbeat_gap DEFAULT VALUES;
    RETURN NULL;
  END $$;
  CREATE TRIGGER late_heartbeat AFTER UPDATE ON worker_lease FOR EACH ROW
    WHEN (NEW.heartbeat_at > OLD.heartbeat_at + interval '1 second') EXECUTE FUNCTION note_heartbeat_gap()`;

/** Notes every heartbeat that is so late that its worker may have cut what it had in flight. */
export async function watchHeartbeats(database: pg.Pool): Promise<void> {
  await database.query(WATCH);
}

/** Whether a worker that was not killed was held up since then, as on a machine with too much to do. */
export async function wasHeldUp(database: pg.Pool, since: Date): Promise<boolean> {
  const { rowCount } = await database.query('SELECT FROM heartbeat_gap WHERE noticed_at > $1 LIMIT 1', [
    since,
  ]);
  return rowCount === 1;
}
