import { readFile } from 'node:fs/promises';
import { type CityResponse, Reader } from 'mmdb-lib';
import { z } from 'zod';
import type { GeoDatabase, GeoRecord } from './geo-location.ts';

const Named = z.object({
  iso_code: z.string().optional(),
  names: z.record(z.string(), z.string()).optional(),
});

// Databases of cities and of networks are separate files; each has its part of it.
const Entry = z.object({
  country: Named.optional().catch(undefined),
  registered_country: Named.optional().catch(undefined),
  city: Named.optional().catch(undefined),
  autonomous_system_number: z.number().optional().catch(undefined),
  autonomous_system_organization: z.string().optional().catch(undefined),
});

/** Reads MaxMind databases (`.mmdb`) into memory; where several know something, the first counts. Throws for another file. */
export async function openGeoDatabase(paths: readonly string[]): Promise<GeoDatabase> {
  const readers = await Promise.all(paths.map(openReader));
  return {
    find(address) {
      const records = readers.map((reader) => findIn(reader, address)).filter((each) => each !== undefined);
      return records.length === 0 ? undefined : Object.assign({}, ...records.reverse());
    },
  };
}

type DatabaseReader = Reader<CityResponse>;

async function openReader(path: string): Promise<DatabaseReader> {
  try {
    return new Reader<CityResponse>(await readFile(path));
  } catch (cause) {
    throw new Error(`${path} is no MaxMind database (.mmdb) that can be read`, { cause });
  }
}

function findIn(reader: DatabaseReader, address: string): GeoRecord | undefined {
  if (reader.metadata.ipVersion === 4 && address.includes(':')) return undefined;
  const entry = Entry.safeParse(reader.get(address)).data;
  if (entry === undefined) return undefined;
  const told: Record<keyof GeoRecord, unknown> = {
    country: entry.country?.iso_code ?? entry.registered_country?.iso_code,
    city: entry.city?.names?.['en'],
    asn: entry.autonomous_system_number,
    organisation: entry.autonomous_system_organization,
  };
  const known = Object.entries(told).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
