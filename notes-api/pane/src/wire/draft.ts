// What notes-api says of a draft.

import { type Json, known, knownOr, list, maybe, number, numberOrNull, text } from './json';

export const TRACKS = ['near', 'far'] as const;
export const ORIGINS = ['llm', 'embedded', 'scripted'] as const;
export const TROUBLES = [
  'not_configured',
  'unreachable',
  'timed_out',
  'refused',
  'garbled',
  'cut_off',
  'other',
] as const;
export const DRAFT_STATES = ['streaming', 'ready', 'failed', 'superseded'] as const;
export const FAILURES = ['insufficient_content', 'drafter_failed'] as const;
export const FLAGS = ['number', 'date', 'name', 'speaker', 'negation', 'unsupported', 'other'] as const;

export type Track = (typeof TRACKS)[number];
export type OriginKind = (typeof ORIGINS)[number];
export type Trouble = (typeof TROUBLES)[number];
export type DraftState = (typeof DRAFT_STATES)[number];
export type Failure = (typeof FAILURES)[number];
export type FlagKind = (typeof FLAGS)[number];

export interface Sentence {
  readonly index: number;
  readonly section: string;
  readonly text: string;
  readonly evidence: readonly { readonly track: Track; readonly start: number }[];
  readonly flags: readonly FlagKind[];
}

export interface Origin {
  readonly kind: OriginKind;
  readonly model: string;
  readonly trouble: Trouble | null;
}

export interface Draft {
  readonly number: number;
  readonly attempt: number;
  readonly state: DraftState;
  readonly failure: Failure | null;
  readonly provisional: boolean;
  readonly origin: Origin | null;
  readonly sentences: readonly Sentence[];
  readonly firstSentenceMs: number | null;
  readonly wholeMs: number | null;
}

export const sentence = (from: Json): Sentence => ({
  index: number(from, 'index'),
  section: text(from, 'section'),
  text: text(from, 'text'),
  evidence: list(from, 'evidence', (one) => ({ track: known(one, 'track', TRACKS), start: number(one, 'start') })),
  flags: Array.isArray(from.flags)
    ? from.flags.map((flag: unknown) =>
        knownOr(typeof flag === 'object' && flag !== null ? (flag as Json).kind : flag, FLAGS, 'other'),
      )
    : [],
});

const origin = (from: Json): Origin => ({
  kind: known(from, 'kind', ORIGINS),
  model: text(from, 'model'),
  trouble: from.trouble == null ? null : knownOr(from.trouble, TROUBLES, 'other'),
});

export const draft = (from: Json): Draft => ({
  number: number(from, 'number'),
  attempt: number(from, 'attempt'),
  state: known(from, 'state', DRAFT_STATES),
  failure: from.failure == null ? null : knownOr(from.failure, FAILURES, 'drafter_failed'),
  provisional: from.provisional === true,
  origin: maybe(from, 'origin', origin),
  sentences: from.sentences == null ? [] : list(from, 'sentences', sentence),
  firstSentenceMs: numberOrNull(from, 'first_sentence_ms'),
  wholeMs: numberOrNull(from, 'whole_ms'),
});
