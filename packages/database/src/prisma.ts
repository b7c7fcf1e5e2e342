import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from './generated/client.ts';
import type { Pool } from './pool.ts';

export type { PrismaClient } from './generated/client.ts';
/** The client, or the client of one transaction. */
export type Db = PrismaClient | Prisma.TransactionClient;

/** Shares the pool, so that a process has one budget of connections. Closing the pool stays with its owner. */
export const createPrisma = (pool: Pool): PrismaClient => new PrismaClient({ adapter: new PrismaPg(pool) });
