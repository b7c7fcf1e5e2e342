const STORIES = [
  'Password spray against|Many failed sign-in attempts from one address were followed by a successful sign-in of',
  'Suspicious sign-in by|An unfamiliar sign-in property was seen, from a country in which nobody of the organisation works, for',
  'Impossible travel activity of|Two sign-in events lie further apart than anybody travels in the time between them, both of',
  'Malware detected on the device of|Antivirus prevented a suspicious file from running; the process tree begins in a mail client, started by',
  'Suspicious PowerShell command line of|An encoded command downloads a script from the internet and runs it in memory, in the session of',
  'Mailbox rule hides mail of|A suspicious inbox rule that moves and deletes messages was made after a risky sign-in by',
  'Consent granted to a rogue application by|An application with unusual permissions was granted consent to read mail, by',
  'Lateral movement with the account of|A service was started on several servers within minutes with explicit credentials of',
  'Data exfiltration to cloud storage by|A volume of data far above the usual was uploaded to an unsanctioned storage account by',
  'Privileged role assigned to|A permanent assignment to a privileged role was made outside of the approved process, for',
  'Multi-stage incident involving Execution & Discovery by|Alerts of several products on one endpoint follow each other as one attack does, in the session of',
  'Communication with a known bad address by|A device talks at regular intervals to an address that threat intelligence lists, as',
] as const;
const FIRST = ['alex', 'bea', 'chen', 'dana', 'emil', 'farah', 'goran', 'hana', 'ivo', 'june'] as const;
const LAST = ['adler', 'brandt', 'costa', 'dubois', 'eriksen', 'fischer', 'garcia', 'horvat'] as const;
const LABELS = [
  'vip',
  'phishing',
  'red team',
  'tier 1',
  'tier 2',
  'false alarm',
  'ransomware',
  'eu',
] as const;

/** How many accounts there are: each is a word that one in so many incidents has. */
export const ACCOUNTS = 8_000;
/** Words that most, many and some incidents have. */
export const COMMON_WORDS = ['sign-in', 'suspicious', 'account', 'powershell', '"risky sign-in"'] as const;
export const COMMON_TAG = 'triaged';
/** One tag among them is on one incident of ten thousand. */
export const rareTag = (incidents: number, draw: number): string =>
  `case-${Math.floor(draw * Math.max(1, incidents / 10_000))}`;
export const accountName = (position: number): string => {
  const pick = (from: readonly string[], step: number) => from[Math.floor(position / step) % from.length];
  return `${pick(FIRST, 1)}.${pick(LAST, 10)}${Math.floor(position / 80)}`;
};

const list = (items: readonly string[]): string =>
  `ARRAY[${items.map((item) => `'${item.replaceAll("'", "''")}'`).join(',')}]`;

/** A number from 0 up to, not including, 1 that depends on the incident and the purpose alone. */
const draw = (purpose: number): string => `bench_draw(n, ${purpose})`;
const pick = (items: readonly string[], purpose: number): string =>
  `(${list(items)})[1 + floor(${draw(purpose)} * ${items.length})::int]`;

export const FUNCTIONS = `CREATE OR REPLACE FUNCTION bench_draw(n bigint, purpose integer) RETURNS float8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (hashint8extended(n, purpose) & 1073741823) / 1073741824.0;
  CREATE OR REPLACE FUNCTION bench_words(n bigint, words integer) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (SELECT string_agg(
      translate(substr(md5((floor(4000 * bench_draw(n, 100 + w) ^ 3))::int::text), 1, 7), '0123456789', 'ghijklmnop'), ' ') FROM generate_series(1, words) AS w);
  CREATE OR REPLACE FUNCTION bench_guid(n bigint, purpose integer) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN md5(n::text || '-' || purpose)::uuid::text`;

const BODY = `jsonb_build_object('id', arm || '/providers/Microsoft.SecurityInsights/Incidents/' || name, 'name', name,
  'etag', '"' || bench_guid(n, 2) || '"', 'type', 'Microsoft.SecurityInsights/Incidents', 'properties', jsonb_build_object(
    'title', title, 'description', description, 'severity', initcap(severity), 'status', initcap(status),
    'owner', jsonb_build_object('objectId', bench_guid(n, 3), 'email', owner, 'assignedTo', owner, 'userPrincipalName', owner),
    'labels', (SELECT coalesce(jsonb_agg(jsonb_build_object('labelName', label, 'labelType', 'User')), '[]') FROM unnest(labels) AS label),
    'firstActivityTimeUtc', created_at - interval '1 hour', 'lastActivityTimeUtc', created_at, 'createdTimeUtc', created_at,
    'lastModifiedTimeUtc', modified_at, 'incidentNumber', n,
    'additionalData', jsonb_build_object('alertsCount', alerts, 'bookmarksCount', 0, 'commentsCount', 0,
      'alertProductNames', '["Microsoft Defender Advanced Threat Protection","Azure Active Directory Identity Protection"]'::jsonb,
      'tactics', to_jsonb(tactics), 'techniques', to_jsonb(techniques),
      'providerIncidentUrl', 'https://security.microsoft.com/incidents/' || n || '?tid=' || bench_guid(1, 4)),
    'relatedAnalyticRuleIds', jsonb_build_array(arm || '/providers/Microsoft.SecurityInsights/alertRules/' || bench_guid(n % 200, 5),
      arm || '/providers/Microsoft.SecurityInsights/alertRules/' || bench_guid(n % 170, 6)),
    'incidentUrl', 'https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident' || arm || '/providers/Microsoft.SecurityInsights/Incidents/' || name,
    'providerName', 'Microsoft XDR', 'providerIncidentId', n::text))`;

/** Of a year, the oldest first, as a sync stores them; the last one is of this moment. */
export const INSERT = `WITH drawn AS (
    SELECT n, bench_guid(n, 1) AS name,
      '/subscriptions/' || bench_guid(1, 7) || '/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/soc' AS arm,
      string_to_array(${pick(STORIES, 1)}, '|') AS story,
      (${list(FIRST)})[1 + a % 10] || '.' || (${list(LAST)})[1 + a / 10 % 8] || a / 80 AS account,
      now() - ($4 - n) * interval '365 days' / $4 AS created_at, ${draw(3)} AS severity_draw, ${draw(4)} AS status_draw,
      CASE WHEN ${draw(5)} < 0.6 THEN 'analyst' || floor(${draw(6)} * 40)::int || '@contoso.com' END AS owner,
      CASE WHEN ${draw(7)} < 0.3 THEN ARRAY[${pick(LABELS, 8)}] ELSE '{}' END AS labels,
      1 + floor(6 * ${draw(9)} ^ 3)::int AS alerts
    FROM (SELECT n, floor(bench_draw(n, 2) * ${ACCOUNTS})::int AS a FROM generate_series($2::bigint, $3::bigint) AS n) AS numbers),
  told AS (
    SELECT *, story[1] || ' ' || account AS title,
      story[2] || ' ' || account || '@contoso.com. ' || bench_words(n, 20 + n::int % 25) AS description,
      CASE WHEN severity_draw < 0.35 THEN 'informational' WHEN severity_draw < 0.7 THEN 'low'
        WHEN severity_draw < 0.92 THEN 'medium' ELSE 'high' END AS severity,
      CASE WHEN now() - created_at > interval '14 days' AND status_draw < 0.97 OR status_draw < 0.4 THEN 'closed'
        WHEN status_draw < 0.98 THEN 'new' ELSE 'active' END AS status,
      created_at + ${draw(10)} * interval '1 day' AS modified_at,
      ARRAY['InitialAccess', 'Execution'] AS tactics, ARRAY['T1078', 'T1059.001'] AS techniques
    FROM drawn)
  INSERT INTO incident (id, provider_id, sentinel_name, number, title, description, severity, status, priority, owner, labels,
    tactics, techniques, alerts_count, provider_name, provider_incident_id, created_at, last_modified_at, first_activity_at,
    last_activity_at, etag, raw, details_synced_at, synced_at, tags, assignee)
  SELECT 'inc_01' || lpad(n::text, 24, '0'), ($1::text[])[CASE WHEN ${draw(11)} < 0.75 THEN 1 WHEN ${draw(11)} < 0.95 THEN 2 ELSE 3 END],
    name, n, title, description, severity, status,
    CASE WHEN severity = 'high' AND ${draw(12)} < 0.05 THEN 'critical' ELSE severity END, owner, labels, tactics, techniques, alerts,
    'Microsoft XDR', n::text, created_at, modified_at, created_at - interval '1 hour', created_at, bench_guid(n, 2), ${BODY}, now(),
    modified_at, CASE WHEN ${draw(13)} < 0.08 THEN ARRAY['${COMMON_TAG}'] WHEN ${draw(13)} < 0.1 THEN ARRAY['vip', '${COMMON_TAG}']
      WHEN ${draw(13)} < 0.11 THEN ARRAY['case-' || n / 100 % greatest(1, $4 / 10000)] ELSE '{}' END,
    CASE WHEN ${draw(14)} < 0.2 THEN 'analyst' || floor(${draw(15)} * 40)::int || '@contoso.com' END
  FROM told`;
