import { EVENT_TYPES, EventType } from '@socmate/contracts';
import { z } from 'zod';

export const EventTypeList = z
  .object({
    items: z.array(
      z.object({
        type: EventType,
        description: z.string(),
        schema: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of `data`.' }),
      }),
    ),
  })
  .meta({ id: 'EventTypeList' });

// Read as an input, an object may hold more than is named: fields are only ever added.
const jsonSchema = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' });

/** What endpoints may subscribe to, with the JSON Schema of each type's `data`. */
export const eventTypeList = (): z.output<typeof EventTypeList> => ({
  items: EventType.options.map((type) => {
    const { description, data } = EVENT_TYPES[type];
    return { type, description, schema: jsonSchema(data) };
  }),
});
