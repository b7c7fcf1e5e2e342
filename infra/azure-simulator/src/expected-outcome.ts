import { z } from 'zod';
import { Technique } from './technique.ts';

const ENTITY_TYPES = [
  'ip',
  'user',
  'host',
  'domain',
  'hash',
  'email',
  'url',
  'process',
  'file',
  'registry_key',
  'registry_value',
  'cloud_application',
  'azure_resource',
  'malware',
  'security_group',
  'mailbox',
  'mail_message',
] as const;

/** What tests are to find out about a scenario; nothing that answers requests reads it. */
export const ExpectedOutcome = z.looseObject({
  verdict: z.enum(['malicious', 'suspicious', 'benign']),
  techniques: z.array(Technique).default([]),
  entities: z
    .array(
      z.looseObject({
        type: z.enum(ENTITY_TYPES),
        value: z.string().min(1),
        /** Of a planted indicator; without one, nobody is asked about the entity. */
        verdict: z.enum(['malicious', 'suspicious', 'benign', 'unknown']).optional(),
      }),
    )
    .default([]),
});
export type ExpectedOutcome = z.output<typeof ExpectedOutcome>;
