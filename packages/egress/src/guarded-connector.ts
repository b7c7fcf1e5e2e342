import { X509Certificate } from 'node:crypto';
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { callbackify } from 'node:util';
import { AppError } from '@socmate/runtime';
import { buildConnector } from 'undici';
import { BlockedTargetError } from './blocked-target-error.ts';
import { findOriginFault } from './check-target.ts';
import type { EgressProxy } from './egress-proxy.ts';
import { createTunnels, type OpenTunnel } from './egress-tunnel.ts';
import { judgeAddress } from './judge-address.ts';
import { createNameLookup, type NameLookup, NameLookupError, type ResolvedAddress } from './name-lookup.ts';
import type { TargetPolicy } from './target-policy.ts';

export interface GuardedConnectorOptions {
  /** Over name lookup, TCP and TLS together; judged by a clock that ticks twice a second. */
  readonly connectTimeoutMs: number;
  readonly lookup?: NameLookup | undefined;
  /** PEM certificates that are trusted beside the usual ones. */
  readonly ca?: string | undefined;
  /** Dialled in place of every target, and asked for the address that was judged. */
  readonly proxy?: EgressProxy | undefined;
}

/** Gate two: judges every address at the moment of dialling, and dials only what it judged. */
export function createGuardedConnector(
  policy: TargetPolicy,
  { connectTimeoutMs, lookup = createNameLookup(), ca, proxy }: GuardedConnectorOptions,
): buildConnector.connector {
  const secureContext = createTrust(ca);
  const dial = buildConnector({
    allowH2: false,
    timeout: connectTimeoutMs,
    lookup: createJudgedLookup(policy, lookup),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(connectTimeoutMs / 4)),
    rejectUnauthorized: true,
    secureContext,
  });
  const connect = proxy
    ? through(createTunnels(proxy, { connectTimeoutMs, secureContext }), dial, (host) =>
        isIP(host) === 0 ? resolveJudged(host, policy, lookup) : [{ address: host, family: isIP(host) }],
      )
    : dial;
  return (target, callback) => {
    // The socket asks no lookup for an address, so this is the only gate for literals.
    if (!findOriginFault(target, policy)) return connect(target, callback);
    queueMicrotask(() => callback(new BlockedTargetError(), null));
  };
}

type Resolve = (host: string) => Promise<readonly ResolvedAddress[]> | readonly ResolvedAddress[];

/** Within the tunnel TLS and HTTP know the host by its name; the proxy knows the address that was judged. */
function through(
  open: OpenTunnel,
  dial: buildConnector.connector,
  resolve: Resolve,
): buildConnector.connector {
  const connect = callbackify(async ({ hostname, protocol, port }: buildConnector.Options) => {
    const found = await resolve(hostname.replace(/^\[|\]$/g, ''));
    const addresses = found.map(({ address }) => address);
    return open(addresses, Number(port || (protocol === 'http:' ? 80 : 443)));
  });
  return (target, callback) =>
    connect(target, (fault, httpSocket) => {
      if (fault) callback(fault, null);
      else if (target.protocol === 'https:') dial({ ...target, httpSocket }, callback);
      else callback(null, httpSocket);
    });
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

// One context for all connections: making it costs more than a handshake.
function createTrust(ca: string | undefined): SecureContext {
  const more = ca === undefined ? [] : parseCertificates(ca);
  return createSecureContext({ ca: [...getCACertificates('default'), ...more], minVersion: 'TLSv1.2' });
}

// A secure context takes any text without a word, and then trusts nothing more than before.
function parseCertificates(text: string): string[] {
  const blocks = text.match(PEM) ?? [''];
  try {
    return blocks.map((pem) => new X509Certificate(pem).toString());
  } catch (cause) {
    throw new AppError('invalid_input', 'the additional CA is not a PEM certificate', { cause });
  }
}

function createJudgedLookup(policy: TargetPolicy, lookup: NameLookup): LookupFunction {
  const resolve = callbackify((host: string) => resolveJudged(host, policy, lookup));
  return (host, { all }, callback) =>
    resolve(host, (fault, addresses) => {
      if (fault) return callback(fault, '');
      const [{ address, family }] = addresses;
      return all ? callback(null, addresses) : callback(null, address, family);
    });
}

type Addresses = [ResolvedAddress, ...ResolvedAddress[]];

async function resolveJudged(host: string, policy: TargetPolicy, lookup: NameLookup): Promise<Addresses> {
  const answers = await lookup(host).catch((cause: unknown) => {
    throw new NameLookupError('the name of the host was not resolved', { cause });
  });
  const [first, ...others] = answers.map(({ address }) => ({ address, family: isIP(address) }));
  if (!first) throw new NameLookupError('the name of the host has no address');
  const addresses: Addresses = [first, ...others];
  if (addresses.some(({ address }) => judgeAddress(address, policy) === 'refused'))
    throw new BlockedTargetError();
  return addresses;
}
