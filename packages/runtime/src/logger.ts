import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'api_key',
  'apiKey',
  'client_secret',
  'clientSecret',
  'client_certificate',
  'clientCertificate',
];

// A foreign error carries its request, configuration or client along: only these fields are fit for a log.
const FAULT_FIELDS = [
  'type',
  'message',
  'stack',
  'code',
  'status',
  'syscall',
  'constraint',
  'issues',
] as const;

interface Fault extends Partial<Record<(typeof FAULT_FIELDS)[number], unknown>> {
  readonly aggregateErrors?: readonly Fault[];
}

const faultFields = (fault: Fault): Fault => ({
  ...Object.fromEntries(
    FAULT_FIELDS.flatMap((name) => (fault[name] === undefined ? [] : [[name, fault[name]]])),
  ),
  ...(fault.aggregateErrors && { aggregateErrors: fault.aggregateErrors.map(faultFields) }),
});

const serializeFault = (fault: unknown): unknown =>
  fault instanceof Error ? faultFields(pino.stdSerializers.err(fault)) : fault;

/** JSON lines on standard output; secrets that could ride in on a logged object are removed by name. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    redact: {
      paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]),
      remove: true,
    },
    serializers: { err: serializeFault },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination ? pino(options, destination) : pino(options);
}
