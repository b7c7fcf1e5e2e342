import type { System } from './bring-up.ts';
import type { RunFile } from './run-file.ts';

/** What tools are told of what runs. */
export function describeRun(system: System, adminApiKey: string): RunFile {
  const { simulator, postgres, redis, neo4j } = system;
  const stores = [
    { name: 'postgres', part: postgres.part },
    { name: 'redis', part: redis.part },
    { name: 'neo4j', part: neo4j?.part },
    { name: 'simulator', part: simulator },
  ];
  return {
    gateway_url: system.gatewayUrl,
    console_url: null,
    admin_api_key: adminApiKey,
    simulator_url: simulator?.url ?? null,
    simulator_control_url: simulator?.controlUrl ?? null,
    postgres_url: postgres.at,
    redis_url: redis.at,
    neo4j: neo4j?.at ?? null,
    ca_file: simulator?.caFile ?? null,
    services: system.services.map(({ name, pid, healthUrl }) => ({ name, pid, health_url: healthUrl })),
    stores: stores.flatMap(({ name, part }) => (part ? [{ name, pid: part.pid }] : [])),
    workspaces: [...(simulator?.workspaces ?? [])],
  };
}

const LOOSENED = ['WEBHOOK_ALLOW_HTTP', 'WEBHOOK_ALLOWED_CIDRS', 'WEBHOOK_ALLOWED_PORTS'] as const;

/** Which webhook targets are taken: those of a local run, or what the caller has set. */
function targetsNotice(given: NodeJS.ProcessEnv): string {
  const set = LOOSENED.filter((name) => given[name] !== undefined);
  return set.length === 0
    ? 'Local runs allow what production refuses: webhooks to this machine, over http, on any port.'
    : `Webhook targets are as ${set.join(', ')} say; what is not set allows what production refuses.`;
}

/** What a person is told when everything answers. */
export function welcome(run: RunFile, seconds: number, given: NodeJS.ProcessEnv): string {
  const rows = [
    ['API', `${run.gateway_url}/api/v1/incidents`],
    ['API reference', `${run.gateway_url}/docs`],
    ['Admin API key', `${run.admin_api_key}   (header X-API-Key)`],
    ['Simulator', run.simulator_control_url ?? 'not started: a real workspace is connected'],
    ['Graph', run.neo4j ? run.neo4j.uri : 'missing: its endpoints answer 503'],
    ['For tools', '.local/run.json, logs in .local/logs'],
  ];
  return [
    '',
    ...rows.map(([name = '', value = '']) => `  ${name.padEnd(14)} ${value}`),
    '',
    `  ${targetsNotice(given)}`,
    `  Everything answers after ${seconds.toFixed(1)} s. Ctrl-C stops it all; the data stays for the next start.`,
    '',
  ].join('\n');
}

/** What the services were told beyond the caller's own environment, for `node --env-file`. */
export function formatEnvFile(env: NodeJS.ProcessEnv, given: NodeJS.ProcessEnv): string {
  return Object.entries(env)
    .filter(([name, value]) => value !== undefined && given[name] !== value)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('');
}
