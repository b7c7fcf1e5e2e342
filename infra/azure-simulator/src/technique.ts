import { z } from 'zod';

export const Technique = z.string().regex(/^T\d{4}(\.\d{3})?$/, 'not an ATT&CK technique such as T1110.003');
