type Closer = () => unknown;

/** Resources in the order they were opened, closed in the reverse of it. */
export class Lifecycle {
  readonly #closers: { name: string; close: Closer }[] = [];
  #closing = false;

  get isClosing(): boolean {
    return this.#closing;
  }

  use<T>(name: string, resource: T, close: (resource: T) => unknown): T {
    this.#closers.push({ name, close: () => close(resource) });
    return resource;
  }

  /** Closes all that was opened, even where one close fails; then reports every fault. */
  async close(): Promise<void> {
    this.#closing = true;
    const faults: unknown[] = [];
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (cause) {
        faults.push(new Error(`closing ${name} failed`, { cause }));
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'shutdown was not clean');
  }

  /** Runs a start-up; if it fails, what it had opened is closed before the error goes on. */
  static async start<T>(startUp: (life: Lifecycle) => Promise<T>): Promise<T> {
    const life = new Lifecycle();
    try {
      return await startUp(life);
    } catch (fault) {
      const faults = await life.close().then(
        () => [],
        (closeFault: unknown) => [closeFault],
      );
      if (faults.length > 0) {
        throw new AggregateError(
          [fault, ...faults],
          'start-up failed, and so did closing what it had opened',
          {
            cause: fault,
          },
        );
      }
      throw fault;
    }
  }
}

export interface Running {
  close(): Promise<void>;
}
