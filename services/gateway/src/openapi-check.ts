import { readFile, writeFile } from 'node:fs/promises';
import { openApiDocument } from './openapi.ts';

const FILE = new URL('../openapi.json', import.meta.url);

const generated = `${JSON.stringify(openApiDocument(), null, 2)}\n`;

if (process.argv.includes('--write')) {
  await writeFile(FILE, generated);
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== generated) {
  process.stderr.write(
    'services/gateway/openapi.json is not what the routes say: run `pnpm openapi` and commit it\n',
  );
  process.exitCode = 1;
}
