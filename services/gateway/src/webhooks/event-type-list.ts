import { EventType, IncidentAlert } from '@socmate/contracts';
import { z } from 'zod';

const DESCRIPTIONS: Record<EventType, string> = {
  'incident-alert':
    'An incident of severity medium or higher was synced for the first time, or rose to a severity.',
  'investigation-completed': 'A scheduled investigation finished.',
  'investigation-failed': 'A scheduled investigation ended with an error.',
  'schedule-disabled': 'A schedule was disabled after five failures in a row.',
};

const SCHEMAS: Partial<Record<EventType, z.ZodType>> = { 'incident-alert': IncidentAlert };

export const EventTypeList = z
  .object({
    items: z.array(
      z.object({
        type: EventType,
        description: z.string(),
        schema: z
          .record(z.string(), z.unknown())
          .nullable()
          .meta({ description: 'JSON Schema of `data`; null while nothing sends this type yet.' }),
      }),
    ),
  })
  .meta({ id: 'EventTypeList' });

// Read as an input, an object may hold more than is named: fields are only ever added.
const jsonSchema = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' });

/** What endpoints may subscribe to, with the JSON Schema of each type's `data`. */
export const eventTypeList = (): z.output<typeof EventTypeList> => ({
  items: EventType.options.map((type) => {
    const schema = SCHEMAS[type];
    return { type, description: DESCRIPTIONS[type], schema: schema ? jsonSchema(schema) : null };
  }),
});
