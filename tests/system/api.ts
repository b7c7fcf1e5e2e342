interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers as scripts do, field by field
  readonly body: any;
}

/** Calls the gateway as a SOAR tool does. */
export type Api = (method: string, path: string, body?: unknown) => Promise<ApiAnswer>;

export const openApi =
  (gatewayUrl: string, apiKey: string): Api =>
  async (method, path, body) => {
    const answer = await fetch(`${gatewayUrl}${path}`, {
      method,
      headers: { 'x-api-key': apiKey, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
