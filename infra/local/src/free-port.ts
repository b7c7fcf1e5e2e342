import { createServer } from 'node:net';

/** Whether something could listen there now. */
export function isPortFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

/** The wanted port of 127.0.0.1 if it is free and not taken by `except`, otherwise any free one. */
export async function findFreePort(wanted = 0, except: ReadonlySet<number> = new Set()): Promise<number> {
  if (wanted !== 0 && !except.has(wanted) && (await isPortFree(wanted))) return wanted;
  for (;;) {
    const port = await listenOnce(0);
    if (!except.has(port)) return port;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
