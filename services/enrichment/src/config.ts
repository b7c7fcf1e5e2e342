import { CommonConfig } from '@socmate/runtime';
import type { z } from 'zod';

export const Config = CommonConfig;
export type Config = z.output<typeof Config>;
