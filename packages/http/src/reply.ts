export interface ReplyOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A handler's answer with a status or headers of its own. */
export class Reply<T> {
  readonly body: T;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(body: T, { status, headers = {} }: ReplyOptions) {
    this.body = body;
    this.status = status;
    this.headers = headers;
  }
}

export const reply = <T>(body: T, options: ReplyOptions): Reply<T> => new Reply(body, options);
