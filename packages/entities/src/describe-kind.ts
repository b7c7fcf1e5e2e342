import type { Described } from './entity.ts';
import type { Properties } from './properties.ts';

/** What an entity refers to counts where it has no better name of its own. */
interface KindContext {
  readonly workspace: string;
  /** The first entity that stands in this role, such as `host` or `key`; in lower case. */
  readonly related: (role: string) => Properties | undefined;
}

export type DescribeKind = (properties: Properties, context: KindContext) => Described | undefined;
