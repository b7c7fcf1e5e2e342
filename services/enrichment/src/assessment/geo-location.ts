import type { OfflineProvider } from './observe.ts';

/** Where an address is and whose it is, as far as a database says. */
export interface GeoRecord {
  readonly country?: string;
  readonly city?: string;
  readonly asn?: number;
  readonly organisation?: string;
}

export interface GeoDatabase {
  find(address: string): GeoRecord | undefined;
}

export function createGeoLocation(database: GeoDatabase): OfflineProvider {
  return {
    name: 'geo-location',
    find({ type, value }) {
      const record = type === 'ip' ? database.find(value) : undefined;
      if (record === undefined) return undefined;
      const { country, city, asn, organisation } = record;
      const network =
        asn === undefined ? organisation : `AS${asn}${organisation === undefined ? '' : ` ${organisation}`}`;
      const summary = [city, country, network].filter((each) => each !== undefined).join(', ');
      return { reliability: 'C', summary, evidence: { ...record }, context: { geo: record } };
    },
  };
}
