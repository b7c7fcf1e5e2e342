import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector, Client } from 'undici';
import { BlockedTargetError } from './blocked-target-error.ts';
import type { EgressProxy } from './egress-proxy.ts';
import { EgressProxyError } from './egress-proxy-error.ts';

const ADDRESSES_MAX = 4;

export interface TunnelOptions {
  /** Over the proxy and all addresses together. */
  readonly connectTimeoutMs: number;
  readonly secureContext: SecureContext;
}

/** Connects to the first of a host's addresses that answers, each of which was judged. */
export type OpenTunnel = (addresses: readonly string[], port: number) => Promise<Socket>;

export function createTunnels(proxy: EgressProxy, options: TunnelOptions): OpenTunnel {
  const { connectTimeoutMs: timeout, secureContext } = options;
  const dial = buildConnector({ allowH2: false, timeout, secureContext, rejectUnauthorized: true });
  return async (addresses, port) => {
    const tried = addresses.slice(0, ADDRESSES_MAX);
    const timeoutMs = Math.floor(timeout / tried.length);
    let fault: unknown;
    for (const address of tried) {
      const authority = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
      try {
        return await connect({ proxy, dial }, authority, AbortSignal.timeout(timeoutMs));
      } catch (err) {
        if (!isOfAddress(err)) throw err;
        fault = err;
      }
    }
    throw fault;
  };
}

/** Whether another address may do better. */
const isOfAddress = (fault: unknown): boolean =>
  !(fault instanceof BlockedTargetError) &&
  !(fault instanceof EgressProxyError && fault.faultClass === 'internal');

interface Way {
  readonly proxy: EgressProxy;
  readonly dial: buildConnector.connector;
}

// A client of its own per tunnel: its one connection is the caller's from the answer on.
async function connect({ proxy, dial }: Way, authority: string, signal: AbortSignal): Promise<Socket> {
  const client = new Client(proxy.origin, { connect: reaching(dial), allowH2: false });
  const { authorization } = proxy;
  const headers = {
    host: authority,
    ...(authorization !== undefined && { 'proxy-authorization': authorization }),
  };
  try {
    const { statusCode, socket } = await client.connect({ path: authority, headers, signal });
    if (statusCode >= 200 && statusCode < 300) return socket as Socket;
    socket.on('error', () => undefined).destroy();
    throw refusal(statusCode);
  } catch (fault) {
    throw isKnown(fault)
      ? fault
      : new EgressProxyError('connection_error', 'the egress proxy broke off', fault);
  } finally {
    void client.destroy();
  }
}

const isKnown = (fault: unknown): boolean =>
  fault instanceof EgressProxyError ||
  fault instanceof BlockedTargetError ||
  (fault instanceof DOMException && fault.name === 'TimeoutError');

/** What fails before the proxy is reached is ours, and no endpoint's. */
const reaching =
  (dial: buildConnector.connector): buildConnector.connector =>
  (target, callback) =>
    dial(target, (...[fault, socket]) => {
      if (socket) callback(null, socket);
      else callback(new EgressProxyError('internal', 'the egress proxy cannot be reached', fault), null);
    });

function refusal(statusCode: number): Error {
  if (statusCode === 403) return new BlockedTargetError();
  if (statusCode === 407) return new EgressProxyError('internal', 'the egress proxy refuses its credentials');
  const faultClass = statusCode === 504 ? 'timeout' : 'connection_error';
  return new EgressProxyError(faultClass, `the egress proxy answered ${statusCode}`);
}
