import { abuseipdb } from './abuseipdb.ts';
import { testProvider } from './provider-harness.ts';

const report = (more: object) => ({
  data: {
    ipAddress: '45.155.205.20',
    isPublic: true,
    ipVersion: 4,
    isWhitelisted: null,
    abuseConfidenceScore: 0,
    countryCode: 'RU',
    usageType: 'Data Center/Web Hosting/Transit',
    isp: 'Selectel',
    domain: 'selectel.ru',
    hostnames: [],
    isTor: false,
    totalReports: 0,
    numDistinctUsers: 0,
    lastReportedAt: null,
    ...more,
  },
});

testProvider(abuseipdb, {
  known: [
    {
      of: ['ip', '45.155.205.20'],
      asks: {
        path: '/api/v2/check?ipAddress=45.155.205.20&maxAgeInDays=90',
        headers: { key: 'the-key', accept: 'application/json' },
      },
      body: report({
        abuseConfidenceScore: 98,
        totalReports: 421,
        lastReportedAt: '2026-11-22T10:00:00+00:00',
      }),
      judged: {
        verdict: 'malicious',
        score: 98,
        summary: 'abuse confidence 98 %, 421 reports',
        link: 'https://www.abuseipdb.com/check/45.155.205.20',
      },
    },
    {
      of: ['ip', '2606:4700:4700::1111'],
      asks: { path: '/api/v2/check?ipAddress=2606%3A4700%3A4700%3A%3A1111&maxAgeInDays=90' },
      body: report({ abuseConfidenceScore: 30, totalReports: 1 }),
      judged: { verdict: 'suspicious', score: 30, summary: 'abuse confidence 30 %, 1 report' },
    },
    {
      of: ['ip', '54.219.188.140'],
      asks: { path: '/api/v2/check?ipAddress=54.219.188.140&maxAgeInDays=90' },
      body: report({ abuseConfidenceScore: 7, totalReports: 19 }),
      judged: { verdict: 'unknown', score: 7 },
    },
    {
      of: ['ip', '8.8.8.8'],
      asks: { path: '/api/v2/check?ipAddress=8.8.8.8&maxAgeInDays=90' },
      body: report({ isWhitelisted: true, totalReports: 90 }),
      judged: { verdict: 'benign', score: 0 },
    },
  ],
  unknown: { body: report({}) },
});
