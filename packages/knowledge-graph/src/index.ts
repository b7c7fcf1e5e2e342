export { createGraphHealth, type GraphConnection, type GraphHealth, noGraph } from './graph-health.ts';
