import { Agent } from 'undici';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { startBenchProcess } from './bench-process.ts';
import { IN_FLIGHT } from './notifier-system.ts';
import type { ReceiverAnswer, ReceiverQuestion } from './receiver-process.ts';

const BODY = Buffer.alloc(2_048, 'd');

/** What one process can send to the receiver at all: bare POSTs of the same size. */
export async function runCeiling({ isQuick, say }: BenchOptions): Promise<BenchResult> {
  const requests = isQuick ? 10_000 : 40_000;
  say(`ceiling: ${requests} bare POSTs, ${IN_FLIGHT} in flight`);
  const receiver = await startBenchProcess<ReceiverQuestion, ReceiverAnswer>('receiver-process.ts');
  const agent = new Agent({ connections: IN_FLIGHT });
  try {
    const { url: origin } = await receiver.ask({});
    let left = requests;
    const send = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const headers = { 'content-type': 'application/json', 'webhook-id': `evt_${left}` };
        const response = await agent.request({
          origin,
          path: '/ceiling/ok',
          method: 'POST',
          headers,
          body: BODY,
        });
        await response.body.dump();
      }
    };
    const cpu = process.cpuUsage();
    const start = performance.now();
    await Promise.all(Array.from({ length: IN_FLIGHT }, send));
    const seconds = (performance.now() - start) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const figures = {
      posts_per_s: Math.round(requests / seconds),
      cpu_s_per_1000: Math.round((user + system) / requests) / 1_000,
    };
    return { scenario: 'ceiling', settings: { requests, in_flight: IN_FLIGHT }, figures };
  } finally {
    await agent.close();
    await receiver.stop();
  }
}
