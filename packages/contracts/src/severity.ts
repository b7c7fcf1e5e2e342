import { z } from 'zod';

/** Sentinel's severities, in lower case, from least to worst. */
export const Severity = z.enum(['informational', 'low', 'medium', 'high']).meta({ id: 'Severity' });
export type Severity = z.output<typeof Severity>;

/** SoCMate's own scale: Sentinel's and, above it, `critical`. */
export const Priority = z.enum([...Severity.options, 'critical']).meta({ id: 'Priority' });
export type Priority = z.output<typeof Priority>;

/** 0 is the least; comparable across severities and priorities. */
export const severityRank = (value: Priority): number => Priority.options.indexOf(value);

/** The least severity that fires an `incident-alert`. */
export const ALERT_SEVERITY_MIN: Severity = 'medium';
