import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '@socmate/testing';
import pg from 'pg';

const TYPES: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'real',
  Boolean: 'boolean',
  DateTime: 'timestamp with time zone',
  Json: 'jsonb',
  Bytes: 'bytea',
};

interface Tables {
  /** `table.column`: type, with whether it must have a value (an array's NULL is Prisma's empty list). */
  readonly columns: Record<string, string>;
  /** Primary keys, unique keys, plain indexes and foreign keys, by their columns. */
  readonly keys: string[];
}

const COLUMNS = `SELECT table_name, column_name, data_type, udt_name, is_nullable FROM information_schema.columns
  WHERE table_schema = 'public' AND table_name = ANY($1)`;

const INDEXES = `SELECT t.relname AS "table", i.indisprimary AS "primary", i.indisunique AS "unique",
    (SELECT string_agg(a.attname, ',' ORDER BY k.place)
      FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
      JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum) AS columns
  FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
  WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND i.indpred IS NULL
    AND t.relname <> '_prisma_migrations'`;

const FOREIGN_KEYS = `SELECT conrelid::regclass::text AS "table", confrelid::regclass::text AS target, confdeltype AS "onDelete",
    (SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey)) AS columns
  FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0`;

const ROOTS = `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
  AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> '_prisma_migrations'`;

const indexKey = (table: string, kind: string, columns: string): string => `${table} ${kind} (${columns})`;

/** Reads what this repository's schema uses of Prisma's language. */
function declared(schema: string): Tables {
  const models = [...schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name, body]) => ({
    name: name!,
    lines: body!.split('\n').map((line) => line.trim()),
    table: /@@map\("(\w+)"\)/.exec(body!)![1]!,
  }));
  const tableOf = new Map(models.map(({ name, table }) => [name, table]));
  const columns: Record<string, string> = {};
  const keys: string[] = [];
  for (const { table, lines } of models) {
    const fields = lines.flatMap((line) => {
      const [, field, type, mark] = /^(\w+)\s+(\w+(?:\("\w+"\))?)(\[\]|\?)?(?:\s|$)/.exec(line) ?? [];
      return field && type
        ? [{ line, field, type, mark, column: /@map\("(\w+)"\)/.exec(line)?.[1] ?? field }]
        : [];
    });
    const columnOf = (list: string) =>
      list
        .split(/,\s*/)
        .map((part) => fields.find(({ field }) => field === part.replace(/\(.*/, ''))!.column)
        .join(',');
    for (const { line, type, mark, column } of fields) {
      const relation = /@relation\((?:"\w+", )?fields: \[(\w+)\].*onDelete: (\w+)/.exec(line);
      if (relation) {
        const onDelete = relation[2] === 'Cascade' ? 'cascade' : 'no action';
        keys.push(
          indexKey(table, `references ${tableOf.get(type)} on delete ${onDelete}`, columnOf(relation[1]!)),
        );
      }
      if (tableOf.has(type)) continue;
      const sqlType = TYPES[type] ?? /"(\w+)"/.exec(type)![1]!;
      columns[`${table}.${column}`] =
        mark === '[]' ? `${sqlType}[]` : `${sqlType}${mark === '?' ? '' : ' not null'}`;
      if (/@id\b/.test(line)) keys.push(indexKey(table, 'primary', column));
      if (/@unique\b/.test(line)) keys.push(indexKey(table, 'unique', column));
    }
    for (const line of lines) {
      const [, kind, list] = /^@@(id|unique|index)\(\[(.*?)\]/.exec(line) ?? [];
      if (kind) keys.push(indexKey(table, kind === 'id' ? 'primary' : kind, columnOf(list!)));
    }
  }
  return { columns, keys: keys.sort() };
}

async function migrated(client: pg.Client): Promise<Tables> {
  const names = (await client.query<{ name: string }>(ROOTS)).rows.map(({ name }) => name);
  const columns = (await client.query(COLUMNS, [names])).rows.map((row) => {
    const type = row.data_type === 'ARRAY' ? `${ARRAYS[row.udt_name]}[]` : row.data_type;
    const isList = row.data_type === 'ARRAY';
    return [
      `${row.table_name}.${row.column_name}`,
      isList || row.is_nullable === 'YES' ? type : `${type} not null`,
    ];
  });
  const indexes = (await client.query(INDEXES)).rows.map((row) =>
    indexKey(row.table, row.primary ? 'primary' : row.unique ? 'unique' : 'index', row.columns),
  );
  const foreign = (await client.query(FOREIGN_KEYS)).rows.map((row) => {
    const onDelete = row.onDelete === 'c' ? 'cascade' : 'no action';
    return indexKey(row.table, `references ${row.target} on delete ${onDelete}`, row.columns);
  });
  return { columns: Object.fromEntries(columns), keys: [...indexes, ...foreign].sort() };
}

const ARRAYS: Record<string, string> = {
  _text: 'text',
  _int4: 'integer',
  _timestamptz: 'timestamp with time zone',
};

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await cloneDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('schema.prisma and the migrated database agree on every column, type, nullability and key', async () => {
  const schema = await readFile(new URL('../prisma/schema.prisma', import.meta.url), 'utf8');
  const [mine, theirs] = [declared(schema), await migrated(client)];
  expect(mine.columns).toEqual(theirs.columns);
  expect(mine.keys).toEqual(theirs.keys);
  expect(mine.keys).toContain('delivery unique (event_id,endpoint_id)');
});

test('a column that only the database has is noticed', async () => {
  await client.query('ALTER TABLE event ADD COLUMN extra text');
  const schema = await readFile(new URL('../prisma/schema.prisma', import.meta.url), 'utf8');
  expect((await migrated(client)).columns).not.toEqual(declared(schema).columns);
});
