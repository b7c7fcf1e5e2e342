import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  type Context,
  type ContextManager,
  context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { contextOf, currentTraceparent } from './trace-context.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What the SDK installs, for synchronous code. */
function createContexts(): ContextManager {
  let active: Context = ROOT_CONTEXT;
  const contexts: ContextManager = {
    active: () => active,
    with: (inner, work, thisArg, ...args) => {
      const outer = active;
      active = inner;
      try {
        return work.apply(thisArg, args);
      } finally {
        active = outer;
      }
    },
    bind: (_context, target) => target,
    enable: () => contexts,
    disable: () => contexts,
  };
  return contexts;
}

beforeEach(() => {
  context.setGlobalContextManager(createContexts());
});
afterEach(() => context.disable());

test.each([TRACEPARENT, TRACEPARENT.replace(/01$/, '00')])(
  '%s comes back as it was stored',
  (traceparent) => {
    expect(context.with(contextOf(traceparent), currentTraceparent)).toBe(traceparent);
  },
);

test('the stored span is the remote parent of what follows', () => {
  expect(trace.getSpanContext(contextOf(TRACEPARENT))).toEqual({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    isRemote: true,
  });
});

test('a stored event never becomes part of the trace that is active when it is read', () => {
  const active = contextOf(TRACEPARENT.replace('0af7', 'ffff'));
  context.with(active, () => {
    expect(trace.getSpanContext(contextOf(TRACEPARENT))?.traceId).toMatch(/^0af7/);
    expect(contextOf(undefined)).toBe(ROOT_CONTEXT);
  });
});

test.each([
  undefined,
  null,
  '',
  'garbage',
  TRACEPARENT.slice(0, -1),
  `${TRACEPARENT}-more`,
  `${TRACEPARENT}\n`,
  TRACEPARENT.toUpperCase(),
  TRACEPARENT.replace(/^00/, 'ff'),
  TRACEPARENT.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
  TRACEPARENT.replace('b7ad6b7169203331', '0'.repeat(16)),
])('%j is no parent: the root takes its place', (traceparent) => {
  expect(contextOf(traceparent)).toBe(ROOT_CONTEXT);
});

test('where nothing is traced there is no traceparent, not one of zeros', () => {
  expect(currentTraceparent()).toBeUndefined();
  const untraced = trace.setSpanContext(ROOT_CONTEXT, INVALID_SPAN_CONTEXT);
  expect(context.with(untraced, currentTraceparent)).toBeUndefined();
});
