import { AppError, type Ids, type Logger } from '@socmate/runtime';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { RequestInfo, Route } from './define-route.ts';
import { unlessKnown } from './entity-tag.ts';
import { errorAnswer } from './error-answer.ts';
import type { Answer, Gate } from './gate.ts';
import { createInputParser, type RawInput } from './parse-input.ts';
import type { Principal } from './principal.ts';
import { readBody } from './read-body.ts';
import { requestId } from './request-id.ts';
import { logRequest, type RequestTrail } from './request-log.ts';
import { assertScope, hashRequest, idempotencyKeyOf, type Parse, renderAnswer } from './run-route.ts';

export interface AppOptions {
  readonly gate: Gate;
  readonly log: Logger;
  readonly ids: Ids;
  /** Names the faults of a store as what a caller may be told (503); others it leaves alone. */
  readonly explain?: (fault: unknown) => AppError | undefined;
  /** Addresses and ranges whose `X-Forwarded-For` is believed; none by default. */
  readonly trustedProxies?: readonly string[];
}

// Answers are data: a browser that shows one as a page lets it load and do nothing.
const NOTHING = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

const trailOf = (res: Response): RequestTrail => res.locals as RequestTrail;

function infoOf(req: Request, res: Response): RequestInfo {
  const { id, arrivedAt } = trailOf(res);
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  return {
    id,
    ip: req.ip ?? '',
    elapsedMs: () => performance.now() - arrivedAt,
    signal: gone.signal,
    header: (name) => req.get(name),
  };
}

function send(res: Response, { status, headers, body }: Answer): void {
  res.status(status).set(headers);
  if (body === undefined) res.end();
  else res.set('content-type', 'application/json; charset=utf-8').end(body);
}

/** An Express application with everything that holds for each request, and no route yet. */
export function createApp({ log, ids, trustedProxies = [] }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false);
  app.set('trust proxy', [...trustedProxies]);
  app.use((req, res, next) => {
    const trail = trailOf(res);
    trail.arrivedAt = performance.now();
    trail.id = requestId(req.get('x-request-id'), ids);
    res.set('x-request-id', trail.id);
    logRequest(req, res, trail, log);
    next();
  });
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: NOTHING } }));
  app.use((_req, res, next) => {
    // An X-API-Key does not keep a shared cache from storing an answer, as Authorization would.
    res.set('cache-control', 'private, no-cache');
    next();
  });
  return app;
}

async function admitted(route: Route, request: RequestInfo, res: Response, gate: Gate) {
  if (route.scope === 'public') return undefined;
  const principal = await gate.authenticate(request);
  trailOf(res).principal = principal.id;
  const { headers, refusal } = await gate.admit(principal);
  res.set(headers);
  if (refusal) throw refusal;
  assertScope(route.scope, principal);
  return principal;
}

async function runRoute(route: Route, parse: Parse, raw: RawInput, caller: Caller): Promise<Answer> {
  const { ignored, ...input } = parse(raw);
  const result = await route.handle({ ...input, ...caller });
  return renderAnswer(route, result, ignored);
}

interface Caller {
  readonly request: RequestInfo;
  readonly principal: Principal | undefined;
}

/** Serves each route at its path; a known path with another method and an unknown path are 404. */
export function mount(app: Express, routes: readonly Route[], { gate }: AppOptions): void {
  for (const route of routes) {
    const parse = createInputParser(route);
    app[route.method](expressPath(route.path), async (req: Request, res: Response) => {
      trailOf(res).route = route.path;
      const request = infoOf(req, res);
      const principal = await admitted(route, request, res, gate);
      const key = idempotencyKeyOf(route, req.get('idempotency-key'));
      const body = route.body ? await readBody(req, res) : undefined;
      const raw = { params: req.params, query: new URL(req.url, 'http://localhost').searchParams, body };
      const run = () => runRoute(route, parse, raw, { request, principal });
      const isOnce = key !== undefined && principal !== undefined;
      const requestHash = isOnce ? hashRequest(req.method, req.originalUrl, raw) : '';
      const answer = isOnce ? await gate.once({ principal, key, requestHash }, run) : await run();
      send(res, unlessKnown(answer, req.get('if-none-match')));
    });
  }
}

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

function notFoundFor(routes: readonly Route[]) {
  const known = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll(/[.]/g, String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
  }));
  return (req: Request, res: Response): never => {
    const allowed = known.filter(({ pattern }) => pattern.test(req.path)).map(({ method }) => method);
    if (allowed.length === 0) throw new AppError('not_found', 'there is nothing at this path');
    res.set('allow', allowed.join(', '));
    throw new AppError(
      'not_found',
      `${req.method} is not offered at this path; offered: ${allowed.join(', ')}`,
    );
  };
}

function explained(fault: unknown, options: AppOptions): unknown {
  if (fault instanceof AppError) return fault;
  if (fault instanceof URIError) return new AppError('malformed', 'the path is not well-formed');
  return options.explain?.(fault) ?? fault;
}

/** Ends the application: what no route took is 404, and every fault is answered in the one form. To be called last. */
export function finish(app: Express, routes: readonly Route[], options: AppOptions): void {
  app.use(notFoundFor(routes));
  const onError: ErrorRequestHandler = (fault, _req, res, next) => {
    const error = explained(fault, options);
    const { id } = trailOf(res);
    const answer = errorAnswer(error, id);
    if (answer.status === 500) options.log.error({ err: fault as unknown, request_id: id }, 'request failed');
    else if (answer.status > 500)
      options.log.warn({ err: fault as unknown, request_id: id }, 'dependency fault');
    if (res.headersSent) return next(fault);
    send(res, { ...answer, body: JSON.stringify(answer.body) });
  };
  app.use(onError);
}
