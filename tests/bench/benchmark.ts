/** What a figure is named says its unit; null where it could not be taken, which `notes` then explains. */
export type Figures = Readonly<Record<string, number | string | null>>;

export interface Target {
  /** Such as `incidents_per_s >= 500`. */
  readonly target: string;
  readonly met: boolean;
}

export interface BenchResult {
  readonly scenario: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly figures: Figures;
  readonly targets?: readonly Target[];
  readonly notes?: readonly string[];
}

export interface BenchOptions {
  /** The scenarios that were asked for; all where it is empty. */
  readonly scenarios: readonly string[];
  /** At most a minute, for a first look. */
  readonly isQuick: boolean;
  /** Any other `--flag value`. */
  readonly flags: Readonly<Record<string, string>>;
  /** For people: says what is going on, on standard error. */
  readonly say: (text: string) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  readonly run: (options: BenchOptions) => Promise<readonly BenchResult[]>;
}
