interface Flight<T> {
  readonly landed: Promise<T>;
  readonly controller: AbortController;
  passengers: number;
}

/** One piece of work per name at a time in this process: whoever comes while it runs joins it. */
export interface Flights<T> {
  /** Rejects when the caller's signal aborts; the work is aborted when the last of those who wait has gone. */
  join(name: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();
  const depart = (name: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController();
    const landed = work(controller.signal).finally(() => {
      if (flights.get(name) === flight) flights.delete(name);
    });
    // Those who have left are told nothing.
    landed.catch(() => undefined);
    const flight: Flight<T> = { landed, controller, passengers: 0 };
    flights.set(name, flight);
    return flight;
  };
  return {
    join: async (name, signal, work) => {
      signal.throwIfAborted();
      const flight = flights.get(name) ?? depart(name, work);
      flight.passengers += 1;
      try {
        return await untilAborted(flight.landed, signal);
      } finally {
        flight.passengers -= 1;
        if (flight.passengers === 0) {
          if (flights.get(name) === flight) flights.delete(name);
          flight.controller.abort();
        }
      }
    },
  };
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', giveUp, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', giveUp));
}
