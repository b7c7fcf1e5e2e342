import { isIP } from 'node:net';
import { AppError } from '@socmate/runtime';
import { isV4Mapped } from './judge-address.ts';

/** Which user-given URLs may be called. The strict default is `https` on public addresses. */
export interface TargetPolicy {
  readonly allowHttp: boolean;
  /** For `http`, 80 and 8080 are allowed beside these. */
  readonly allowedPorts: '*' | readonly number[];
  /** Internal ranges that an operator opened; they win over every refusal of an address. */
  readonly allowedCidrs: readonly string[];
}

export interface TargetPolicyText {
  readonly allowHttp: boolean;
  /** `443,8443` or `*`; empty means the default. */
  readonly allowedPorts: string;
  /** `10.20.0.0/16,fd00:1::/32`; a bare address means itself. */
  readonly allowedCidrs: string;
}

const DEFAULT_PORTS: readonly number[] = [443, 8443];

/** Reads `WEBHOOK_ALLOWED_PORTS` and `WEBHOOK_ALLOWED_CIDRS`; every fault is told at once. */
export function parseTargetPolicy(text: TargetPolicyText): TargetPolicy {
  const ports = split(text.allowedPorts);
  const cidrs = split(text.allowedCidrs).map((entry) => (entry.includes('/') ? entry : asHost(entry)));
  const faults = [
    ...(ports.includes('*') ? [] : ports.filter((port) => !isPort(port)).map(portFault)),
    ...cidrs.flatMap((cidr) => cidrFault(cidr) ?? []),
  ];
  if (faults.length > 0) {
    throw new AppError('invalid_input', `the webhook target policy is not valid: ${faults.join('; ')}`);
  }
  return {
    allowHttp: text.allowHttp,
    allowedPorts: ports.includes('*') ? '*' : ports.length > 0 ? ports.map(Number) : DEFAULT_PORTS,
    allowedCidrs: cidrs,
  };
}

const split = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

const portFault = (port: string): string =>
  `WEBHOOK_ALLOWED_PORTS holds '${port}', which is neither a port nor '*'`;

const asHost = (address: string): string => `${address}/${isIP(address) === 4 ? 32 : 128}`;

function cidrFault(cidr: string): string | undefined {
  const [, address = '', prefix = ''] = /^([^/%]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(prefix) > (version === 4 ? 32 : 128)) {
    return `WEBHOOK_ALLOWED_CIDRS holds '${cidr}', which is not a range of addresses`;
  }
  // An IPv6 rule would never meet the addresses that it maps: they are judged as IPv4.
  if (!isV4Mapped(address)) return undefined;
  return `WEBHOOK_ALLOWED_CIDRS holds '${cidr}', which must be written as the IPv4 range that it maps`;
}
