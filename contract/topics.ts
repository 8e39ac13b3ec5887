/** How a topic of the log is cut, kept and compacted (`records.md` 1). */
export interface TopicSettings {
  /** `inputs`: as many partitions as configured (P); else the number given. */
  readonly partitions: 'inputs' | 1;
  /** Retention by age in days; null: for good. `inputs` follows the configuration. */
  readonly keepDays: number | 'inputs' | null;
  /** Only the last value of each key is kept. */
  readonly compacted: boolean;
  /** Size of a segment file: 64 MiB where much flows, small where little does (zeros are written when one is made). */
  readonly segmentBytes: number;
}

const MiB = 1024 * 1024;

export const TOPICS = {
  inputs: { partitions: 'inputs', keepDays: 'inputs', compacted: false, segmentBytes: 64 * MiB },
  alerts: { partitions: 1, keepDays: null, compacted: false, segmentBytes: 4 * MiB },
  refused: { partitions: 1, keepDays: 30, compacted: false, segmentBytes: 4 * MiB },
  registry: { partitions: 1, keepDays: null, compacted: true, segmentBytes: MiB },
  snapshots: { partitions: 'inputs', keepDays: null, compacted: true, segmentBytes: 4 * MiB },
  deliveries: { partitions: 1, keepDays: 400, compacted: false, segmentBytes: MiB },
  sessions: { partitions: 1, keepDays: null, compacted: true, segmentBytes: MiB },
  audit: { partitions: 1, keepDays: null, compacted: false, segmentBytes: MiB },
} as const satisfies Record<string, TopicSettings>;

export type TopicName = keyof typeof TOPICS;

export const topicNames = Object.keys(TOPICS) as readonly TopicName[];

/** Largest record, header line and body together (`records.md` 2). */
export const recordBytesMax = 64 * 1024;
