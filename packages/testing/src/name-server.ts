import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';

const NAME_ERROR = 3;
const TYPES = { A: 1, AAAA: 28 } as const;

/** Addresses of a name; `silent` answers nothing, undefined says that there is no such name. */
export type Naming = readonly string[] | 'silent' | undefined;

/** A real name server on loopback. */
export interface NameServer {
  /** `127.0.0.1:5353` */
  readonly address: string;
  /** How often a name was looked up. */
  asked(name: string): number;
  close(): void;
}

interface Question {
  readonly name: string;
  readonly type: number;
  readonly end: number;
}

function questionOf(query: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  for (let size = query.readUInt8(at); size > 0; size = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const after = groups(tail ?? '');
  const zeros = Array<string>(8 - groups(head).length - after.length).fill('0');
  const hex = [...groups(head), ...zeros, ...after].map((group) => group.padStart(4, '0'));
  return Buffer.from(hex.join(''), 'hex');
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function replyTo(query: Buffer, { type, end }: Question, addresses: readonly string[] | undefined): Buffer {
  const records = (addresses ?? [])
    .filter((address) => (isIPv4(address) ? TYPES.A : TYPES.AAAA) === type)
    .map((address) => record(type, bytesOf(address)));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(query.readUInt16BE(0), 0);
  head.writeUInt16BE(0x8180 + (addresses ? 0 : NAME_ERROR), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}

/** `answer` decides per name, told how often it was asked for it before; addresses of both families go together. */
export async function startNameServer(answer: (name: string, index: number) => Naming): Promise<NameServer> {
  const asked: Question[] = [];
  const server = createSocket('udp4');
  server.on('message', (query, from) => {
    const question = questionOf(query);
    const { name, type } = question;
    const index = asked.filter((before) => before.name === name && before.type === type).length;
    asked.push(question);
    const addresses = answer(name, index);
    if (addresses === 'silent') return;
    server.send(replyTo(query, question, addresses), from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${server.address().port}`,
    asked: (name) => asked.filter((question) => question.name === name && question.type === TYPES.A).length,
    close: () => server.close(),
  };
}
