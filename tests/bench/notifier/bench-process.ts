import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the benchmark's own, which answers one question at a time. */
export interface BenchProcess<Question, Answer> {
  readonly pid: number;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** Runs a file of this folder, which answers questions. */
export async function startBenchProcess<Question extends object, Answer>(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<BenchProcess<Question, Answer>> {
  const child = fork(new URL(file, import.meta.url), {
    execArgv: ['--conditions=@socmate/source'],
    serialization: 'advanced',
    env: { ...env, NODE_OPTIONS: '' },
  });
  await nextMessage(child);
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (question: Question): Promise<Answer> => {
    child.send(question);
    return (await nextMessage(child)) as Answer;
  };
  return {
    pid: child.pid ?? 0,
    ask: (question) => {
      const answer = last.then(() => ask(question));
      last = answer.catch(() => undefined);
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const answered = new AbortController();
  const { signal } = answered;
  const exit = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code}`);
  });
  exit.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), exit])) as [unknown];
    if (isFault(message)) throw new Error(message.fault);
    return message;
  } finally {
    answered.abort();
  }
}

const isFault = (message: unknown): message is { fault: string } =>
  typeof message === 'object' && message !== null && 'fault' in message;

const describe = (fault: unknown): string =>
  fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);

/** The other end. */
export function answerQuestions(answer: (question: never) => unknown): void {
  const tryAnswer = async (question: never): Promise<unknown> => {
    try {
      return await answer(question);
    } catch (fault) {
      return { fault: describe(fault) };
    }
  };
  process.on('message', (question) => {
    void tryAnswer(question as never).then((message) => process.send?.(message));
  });
  process.once('disconnect', () => process.exit());
  process.send?.('ready');
}
