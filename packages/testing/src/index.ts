export { cloneDatabase, type TestDatabase } from './database.ts';
export { testQueue } from './queue.ts';
export { type Answering, type Received, type Receiver, startReceiver } from './receiver.ts';
export { startTestRedis, type TestRedis } from './redis-server.ts';
export { requireEnv } from './require-env.ts';
export { aDelivery, anEndpoint, anIncident, aProvider } from './rows.ts';
export { trustAuthority } from './trust-authority.ts';
export { until } from './until.ts';
