export { type AppOptions, createApp, finish, mount } from './create-app.ts';
export { defineRoute, type Method, type RequestInfo, type Route, type RouteInput } from './define-route.ts';
export { mountDocs } from './docs-page.ts';
export { ErrorBody, ValidationErrorBody } from './error-answer.ts';
export type { Admission, Answer, Gate, OnceCall } from './gate.ts';
export { createOpenApi, type OpenApiOptions, type WebhookDocument } from './openapi.ts';
export type { Principal } from './principal.ts';
export { Reply, type ReplyOptions, reply } from './reply.ts';
export { type HttpServer, type ListenOptions, startHttpServer } from './start-http-server.ts';
