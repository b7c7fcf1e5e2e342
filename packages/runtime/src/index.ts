export { type Clock, systemClock } from './clock.ts';
export { CommonConfig, envFlag, envList, parseEnv } from './env.ts';
export {
  AppError,
  type AppErrorOptions,
  type ErrorCode,
  errorMessage,
  type Issue,
  invalidField,
  notFound,
} from './errors.ts';
export {
  type HealthCheck,
  type HealthChecks,
  type HealthServer,
  type Readiness,
  readiness,
  startHealthServer,
} from './health.ts';
export { createIds, type IdPrefix, type Ids } from './ids.ts';
export { Lifecycle, type Running } from './lifecycle.ts';
export { createLogger, type Logger } from './logger.ts';
export { metricsHandler } from './metrics.ts';
export { runService } from './run-service.ts';
export { startTimer, type Timer } from './timer.ts';
export { contextOf, currentTraceparent } from './trace-context.ts';
export { startWorker, type Worker } from './worker.ts';
