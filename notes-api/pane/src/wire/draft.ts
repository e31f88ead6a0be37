// What notes-api says of a draft.

import { type Json, known, knownOr, list, listOrNone, maybe, number, numberOrNull, record, text } from './json';

export const TRACKS = ['near', 'far'] as const;
export const ORIGINS = ['llm', 'embedded', 'scripted'] as const;
export const TROUBLES = [
  'not_configured',
  'llm_unavailable',
  'llm_timeout',
  'llm_refused',
  'garbled',
  'cut_off',
  'quota',
  'redaction_failed',
  'policy',
  'other',
] as const;
export const DRAFT_STATES = ['streaming', 'ready', 'failed', 'superseded'] as const;
export const FAILURES = [
  'insufficient_content',
  'drafter_failed',
  'language_not_supported',
  'llm_unavailable',
  'llm_refused',
  'llm_timeout',
  'quota',
  'redaction_failed',
  'policy',
] as const;
const OF_VALUES = ['other_value', 'said_elsewhere', 'not_said', 'taken_back', 'other'] as const;
/** What may be doubted, and for which reasons. */
export const DOUBTS = {
  number: OF_VALUES,
  date: OF_VALUES,
  name: ['other_value', 'said_elsewhere', 'not_said', 'other'],
  speaker: ['other_speaker', 'not_theirs', 'other'],
  negation: ['negated', 'not_negated', 'other'],
  modality: ['uncertain', 'other'],
  injected: ['addressed', 'no_note', 'other'],
  unsupported: ['not_said', 'no_evidence', 'other'],
  other: ['other'],
} as const;
export const FLAGS = Object.keys(DOUBTS) as readonly FlagKind[];
export const CONFIRMS = ['commitment', 'decision', 'other'] as const;

export type Track = (typeof TRACKS)[number];
export type OriginKind = (typeof ORIGINS)[number];
export type Trouble = (typeof TROUBLES)[number];
export type DraftState = (typeof DRAFT_STATES)[number];
export type Failure = (typeof FAILURES)[number];
export type FlagKind = keyof typeof DOUBTS;
export type FlagReason<K extends FlagKind = FlagKind> = (typeof DOUBTS)[K][number];
export type Confirm = (typeof CONFIRMS)[number];

/** An utterance, by its track and start. */
export interface Evidence {
  readonly track: Track;
  readonly start: number;
}

/** A doubt about some words of a sentence. */
export interface Flag {
  readonly kind: FlagKind;
  /** One of `DOUBTS[kind]`. */
  readonly reason: FlagReason;
  /** UTF-16 code units of the sentence, as a browser counts them. */
  readonly start: number;
  readonly end: number;
  /** What the call says instead; empty if nothing does. */
  readonly said: string;
  readonly evidence: readonly Evidence[];
}

export interface Sentence {
  readonly index: number;
  readonly section: string;
  readonly text: string;
  readonly evidence: readonly Evidence[];
  readonly flags: readonly Flag[];
  /** A person has to confirm it, however right it is. No flag. */
  readonly confirm: Confirm | null;
}

/** What was said, or what the area wants noted, and stands in no sentence. */
export interface Missing {
  /** Of a value; null for a fact of the area. */
  readonly kind: FlagKind | null;
  readonly fact: string;
  readonly said: string;
  readonly evidence: Evidence;
}

/** A word that was perhaps misheard: which one of the utterance, as blanks part them. */
export interface UncertainWord extends Evidence {
  readonly word: number;
}

export interface Origin {
  readonly kind: OriginKind;
  readonly model: string;
  /** What the server says that it used; empty if it does not say. */
  readonly reported: string;
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
  readonly missing: readonly Missing[];
  readonly uncertain: readonly UncertainWord[];
}

const evidence = (from: Json): Evidence => ({
  track: known(from, 'track', TRACKS),
  start: number(from, 'start'),
});

/** Drafts of earlier versions give no reason and no evidence of a doubt. */
const flag = (from: Json): Flag => {
  const kind = knownOr(from.kind, FLAGS, 'other');
  return {
    kind,
    reason: knownOr<FlagReason>(from.reason, DOUBTS[kind], 'other'),
    start: number(from, 'start'),
    end: number(from, 'end'),
    said: text(from, 'said'),
    evidence: listOrNone(from, 'evidence', evidence),
  };
};

export const sentence = (from: Json): Sentence => ({
  index: number(from, 'index'),
  section: text(from, 'section'),
  text: text(from, 'text'),
  evidence: list(from, 'evidence', evidence),
  flags: listOrNone(from, 'flags', flag),
  confirm: from.confirm == null ? null : knownOr(from.confirm, CONFIRMS, 'other'),
});

const missing = (from: Json): Missing => ({
  kind: from.kind == null ? null : knownOr(from.kind, FLAGS, 'other'),
  fact: text(from, 'fact'),
  said: text(from, 'said'),
  evidence: evidence(record(from.evidence, 'evidence')),
});

const uncertain = (from: Json): UncertainWord => ({
  ...evidence(record(from.utterance, 'utterance')),
  word: number(from, 'word'),
});

const origin = (from: Json): Origin => ({
  kind: known(from, 'kind', ORIGINS),
  model: text(from, 'model'),
  reported: from.record == null ? '' : text(from.record as Json, 'model_reported'),
  trouble: from.trouble == null ? null : knownOr(from.trouble, TROUBLES, 'other'),
});

export const draft = (from: Json): Draft => ({
  number: number(from, 'number'),
  attempt: number(from, 'attempt'),
  state: known(from, 'state', DRAFT_STATES),
  failure: from.failure == null ? null : knownOr(from.failure, FAILURES, 'drafter_failed'),
  provisional: from.provisional === true,
  origin: maybe(from, 'origin', origin),
  sentences: listOrNone(from, 'sentences', sentence),
  firstSentenceMs: numberOrNull(from, 'first_sentence_ms'),
  wholeMs: numberOrNull(from, 'whole_ms'),
  missing: listOrNone(from, 'missing', missing),
  uncertain: listOrNone(from, 'uncertain', uncertain),
});
