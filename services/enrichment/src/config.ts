import { CommonConfig } from '@socmate/runtime';
import type { z } from 'zod';
import { GraphConfig } from './graph/graph-config.ts';

export const Config = CommonConfig.extend(GraphConfig.shape);
export type Config = z.output<typeof Config>;
