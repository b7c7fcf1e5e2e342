export type { LatencyProfile } from './azure-server.ts';
export { issueClientCertificate } from './client-certificates.ts';
export type { IntelligenceAccess } from './intelligence/intelligence-keys.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
export type { WorkspaceConnection } from './workspace.ts';
