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
