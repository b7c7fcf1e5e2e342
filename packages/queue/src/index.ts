export { connectFailFast, type QueueConnection } from './connection.ts';
export { type Consumer, type ConsumerOptions, type Handler, startConsumer } from './consumer.ts';
export { createGovernor, type Governor, type Quotas, type Slot } from './governor.ts';
export { assertOwnQueues } from './own-queues.ts';
export { type AddOptions, type Producer, startProducer } from './producer.ts';
export { type RedisHealth, startRedisHealth } from './redis-health.ts';
export { createSharedStore, type SharedStore } from './shared-store.ts';
export { startWakeUps, type WakeUps } from './wake-ups.ts';
