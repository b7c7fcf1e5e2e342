// A webhook receiver that checks signatures as Standard Webhooks has it. SECRET=whsec_… node docs/examples/receiver.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const PORT = 9000;
const MAX_AGE_S = 300;
const key = Buffer.from((process.env.SECRET ?? '').replace(/^whsec_/, ''), 'base64');
if (key.length < 24) {
  process.stderr.write('Set SECRET to the "secret" that registering the endpoint answered.\n');
  process.exit(1);
}

function isSigned(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) < MAX_AGE_S)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

async function answer(req, res) {
  const body = await text(req);
  const verdict = isSigned(req.headers, body) ? 'genuine' : 'REFUSED';
  process.stdout.write(`${verdict} ${String(req.headers['webhook-id'])} ${body}\n`);
  res.writeHead(verdict === 'genuine' ? 204 : 401).end();
}

const server = createServer((req, res) => void answer(req, res));
server.listen(PORT, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${PORT}\n`));
