import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** What clients of a queue send; Redis counts what their scripts do beside it. */
const SENT = new Set([
  'evalsha',
  'eval',
  'bzpopmin',
  'ping',
  'info',
  'hello',
  'client|setname',
  'client|setinfo',
]);

export interface RedisCommands {
  readonly sent: number;
  /** With those that scripts ran. */
  readonly all: number;
}

/** How many commands a Redis has carried out since it was started. */
export async function redisCommands(url: string): Promise<RedisCommands> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('INFO commandstats\r\nQUIT\r\n');
  const stats = (await text(socket)).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  let [sent, all] = [0, 0];
  for (const [, name = '', calls] of stats) {
    all += Number(calls);
    if (SENT.has(name)) sent += Number(calls);
  }
  return { sent, all };
}
