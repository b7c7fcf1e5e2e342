import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

let fixture: NotifierFixture;

beforeAll(async () => {
  fixture = await openNotifierFixture();
});
afterAll(() => fixture.close());
afterEach(() => fixture.reset());

test('a secret past its overlap is forgotten though a long question keeps the partitions', async () => {
  const { pool } = fixture;
  await pool.query(`SELECT ensure_month_partitions('audit_log', 'at', '2001-01-01', 1)`);
  await fixture.subscribe({
    url: 'https://hooks.example.com/x',
    columns: {
      previous_secret_sealed: 'sealed',
      previous_secret_expires_at: new Date(Date.now() - 2 * 3_600_000),
    },
  });
  const reader = await pool.connect();
  try {
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM audit_log');
    await fixture.start();
    await until('the secret is forgotten', async () => {
      const { rowCount } = await pool.query(
        'SELECT FROM webhook_endpoint WHERE previous_secret_sealed IS NULL',
      );
      return rowCount === 1;
    });
    const { rows } = await pool.query(`SELECT to_regclass('audit_log_2001_01') AS kept`);
    expect(rows).toEqual([{ kept: 'audit_log_2001_01' }]);
  } finally {
    await reader.query('COMMIT');
    reader.release();
  }
});
