// What notes-api says of correction times, and the one place where doubt about it ends, as `wire.ts` is for calls.

import { BadMessage, type Json, list, number, numberOrNull, record, text } from './wire/json';

/** Seconds; null where there are too few values to show them. */
export interface Percentiles {
  readonly n: number;
  readonly p25: number | null;
  readonly p50: number | null;
  readonly p75: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
}

/** How many values lie up to `upTo`, and beyond the one before; the last has no end. */
export interface Bin {
  readonly upTo: number | null;
  readonly n: number;
}

export const OUTCOMES = [
  'saved_unchanged',
  'saved_edited',
  'rewritten',
  'saved_without_draft',
  'unsaved',
  'failed',
  'discarded',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Figures {
  readonly n: number;
  readonly active: Percentiles & {
    readonly under: number | null;
    readonly sensitivity: Readonly<Record<string, number | null>>;
  };
  readonly wholeDraft: Percentiles;
  readonly wholeDraftBins: readonly Bin[];
  readonly editRatioBins: readonly Bin[];
  readonly rubberStamp: number | null;
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

export interface Group {
  readonly key: string;
  readonly persons: number;
  readonly figures: Figures;
  readonly models: readonly string[];
  readonly templates: readonly string[];
}

export interface Corrections {
  readonly persons: number;
  readonly figures: Figures;
  readonly groups: readonly Group[];
  readonly cellsLeftOut: number;
}

const percentiles = (from: Json): Percentiles => ({
  n: number(from, 'n'),
  p25: numberOrNull(from, 'p25_s'),
  p50: numberOrNull(from, 'p50_s'),
  p75: numberOrNull(from, 'p75_s'),
  p90: numberOrNull(from, 'p90_s'),
  p95: numberOrNull(from, 'p95_s'),
});

const bin = (from: Json): Bin => ({ upTo: numberOrNull(from, 'up_to'), n: number(from, 'n') });

const names = (from: Json, field: string): readonly string[] => {
  const value = from[field];
  if (!Array.isArray(value) || !value.every((name): name is string => typeof name === 'string')) {
    throw new BadMessage(field);
  }
  return value;
};

const figures = (from: Json): Figures => {
  const active = record(from.active_correction, 'active_correction');
  const sensitivity = record(active.sensitivity_p50_s, 'sensitivity_p50_s');
  const edits = record(from.edits, 'edits');
  const outcomes = record(from.outcomes, 'outcomes');
  return {
    n: number(from, 'n'),
    active: {
      ...percentiles(active),
      under: numberOrNull(active, 'share_under_120_s'),
      sensitivity: Object.fromEntries(Object.keys(sensitivity).map((at) => [at, numberOrNull(sensitivity, at)])),
    },
    wholeDraft: percentiles(record(from.hang_up_to_whole_draft, 'hang_up_to_whole_draft')),
    wholeDraftBins: list(from, 'whole_draft_bins', bin),
    editRatioBins: list(edits, 'edit_ratio_bins', bin),
    rubberStamp: numberOrNull(edits, 'rubber_stamp_share'),
    outcomes: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, number(outcomes, outcome)])) as Record<
      Outcome,
      number
    >,
  };
};

export const corrections = (value: unknown): Corrections => {
  const from = record(value, 'body');
  return {
    persons: number(from, 'persons'),
    figures: figures(from),
    groups: list(from, 'groups', (group) => ({
      key: text(group, 'key'),
      persons: number(group, 'persons'),
      figures: figures(record(group.figures, 'figures')),
      models: names(group, 'models'),
      templates: names(group, 'templates'),
    })),
    cellsLeftOut: number(from, 'cells_left_out'),
  };
};
