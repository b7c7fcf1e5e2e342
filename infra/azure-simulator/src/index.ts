export type { LatencyProfile } from './azure-server.ts';
export { issueClientCertificate } from './client-certificates.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
export type { WorkspaceConnection } from './workspace.ts';
