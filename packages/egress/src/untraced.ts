import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

const UNTRACED = suppressTracing(ROOT_CONTEXT);

/** Whatever is called within makes no span and carries no `traceparent`. */
export const untraced = <T>(work: () => T): T => context.with(UNTRACED, work);
