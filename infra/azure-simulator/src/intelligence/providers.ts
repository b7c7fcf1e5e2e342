import { abuseipdb } from './abuseipdb.ts';
import { greynoise } from './greynoise.ts';
import { hashlookup } from './hashlookup.ts';
import { internetdb } from './internetdb.ts';
import { malwarebazaar } from './malwarebazaar.ts';
import { misp } from './misp.ts';
import { otx } from './otx.ts';
import type { ProviderName } from './provider-names.ts';
import { rdap } from './rdap.ts';
import type { SimulatedProvider } from './simulated-provider.ts';
import { threatfox } from './threatfox.ts';
import { urlhaus } from './urlhaus.ts';
import { urlscan } from './urlscan.ts';
import { virustotal } from './virustotal.ts';

export const providers: Readonly<Record<ProviderName, SimulatedProvider>> = {
  virustotal,
  abuseipdb,
  greynoise,
  internetdb,
  urlscan,
  otx,
  urlhaus,
  malwarebazaar,
  threatfox,
  hashlookup,
  rdap,
  misp,
};
