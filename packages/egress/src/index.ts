export { BlockedTargetError } from './blocked-target-error.ts';
export { checkTarget } from './check-target.ts';
export { classifyFault, type FaultClass } from './classify-fault.ts';
export { type EgressProxy, parseEgressProxy } from './egress-proxy.ts';
export { createGuardedAgent, type GuardedAgentOptions } from './guarded-agent.ts';
export { judgeAddress } from './judge-address.ts';
export { createNameLookup, type NameLookup, type ResolvedAddress } from './name-lookup.ts';
export { TargetConfig, targetPolicy } from './target-config.ts';
export type { TargetPolicy } from './target-policy.ts';
