/** The time as a caller may trust it. Leases and due times are judged by Postgres's clock, never by this one. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
