// What notes-api says, and the one place where doubt about it ends.
//
// In: JSON of the HTTP API and of its event streams. Out: typed, read-only values.
// Promised: a value that left here has every field it claims; a reason or state that this version does not know becomes
// `other` (or is left out), never an exception; an event of an unknown kind is `null` and is skipped.
// Not done here: no words for people, no state.

export class BadMessage extends Error {
  constructor(field: string) {
    super(`the server's answer has no usable "${field}"`);
  }
}

export const TRACKS = ['near', 'far'] as const;
export const DIRECTIONS = ['incoming', 'outgoing', 'unknown'] as const;
export const CALL_STATES = ['live', 'out_of_contact', 'ended', 'complete', 'discarded'] as const;
export const STATUSES = [
  'listening',
  'no_contact',
  'text_behind',
  'transcription_down',
  'drafting',
  'draft_ready',
  'draft_failed',
  'saved',
  'discarded',
] as const;
export const GAP_REASONS = [
  'not_started',
  'before_consent',
  'paused',
  'not_allowed',
  'no_source',
  'device_lost',
  'overrun',
  'agent_down',
  'asleep',
  'disk_full',
  'quota',
  'damaged',
  'key_gone',
  'server_lost',
  'other',
] as const;
export const NOT_TRANSCRIBED_REASONS = ['recogniser_failed', 'recogniser_died', 'timed_out', 'other'] as const;
export const SUPPRESSED_REASONS = [
  'no_speech',
  'low_probability',
  'repetition',
  'known_invention',
  'empty',
  'glossary_repeated',
  'other',
] as const;
export const AGENT_STATES = [
  'starting',
  'listening',
  'paused',
  'awaiting_consent',
  'offline_keeping',
  'catching_up',
  'no_sound_near',
  'no_sound_far',
  'disk_full',
  'not_allowed',
  'idle',
] as const;
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
export const FLAGS = ['number', 'date', 'name', 'speaker', 'negation', 'unsupported', 'other'] as const;

export type Track = (typeof TRACKS)[number];
export type Direction = (typeof DIRECTIONS)[number];
export type CallState = (typeof CALL_STATES)[number];
export type Status = (typeof STATUSES)[number];
export type GapReason = (typeof GAP_REASONS)[number];
export type NotTranscribedReason = (typeof NOT_TRANSCRIBED_REASONS)[number];
export type SuppressedReason = (typeof SUPPRESSED_REASONS)[number];
export type AgentStateKind = (typeof AGENT_STATES)[number];
export type OriginKind = (typeof ORIGINS)[number];
export type Trouble = (typeof TROUBLES)[number];
export type DraftState = (typeof DRAFT_STATES)[number];
export type Failure = (typeof FAILURES)[number];
export type FlagKind = (typeof FLAGS)[number];

/** Text by section id. */
export type Texts = Readonly<Record<string, string>>;

export interface CallSummary {
  readonly id: string;
  readonly caseId: string | null;
  readonly area: string;
  readonly direction: Direction;
  readonly state: CallState;
  readonly status: Status;
  readonly reason: string | null;
  readonly startedMs: number;
  readonly offsetS: number;
  readonly endedMs: number | null;
  readonly durationMs: number | null;
  readonly sequence: number;
}

export interface Utterance {
  readonly track: Track;
  readonly start: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** The citizen's voice from a loudspeaker, caught by the microphone. */
  readonly echo: boolean;
}

export interface Stretch<Reason> {
  readonly track: Track;
  readonly startMs: number;
  readonly endMs: number;
  readonly reason: Reason;
}

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
}

export interface Edit {
  readonly revision: number;
  readonly draft: number | null;
  readonly sections: Texts;
}

export interface Note {
  readonly version: number;
  readonly sections: Texts;
  readonly savedMs: number;
  readonly correctionMs: number | null;
}

export interface Agent {
  readonly state: AgentStateKind;
  readonly sinceMs: number;
  readonly nearLevel: number;
  readonly farLevel: number;
}

/** The PCs that are there, whether or not a call goes on. */
export interface Presence {
  readonly inContact: number;
  readonly lost: number;
  readonly inTrouble: number;
  /** What the PC does, where there is one and no other is lost. */
  readonly state: AgentStateKind | null;
}

/** A text that is not believed: shown only on demand. */
export interface Suppressed extends Stretch<SuppressedReason> {
  readonly text: string;
}

export interface Partial {
  readonly track: Track;
  readonly startMs: number;
  readonly text: string;
}

export interface CallDetail extends CallSummary {
  readonly language: string;
  readonly sections: readonly { readonly id: string; readonly heading: string }[];
  readonly utterances: readonly Utterance[];
  readonly gaps: readonly Stretch<GapReason>[];
  readonly notTranscribed: readonly Stretch<NotTranscribedReason>[];
  readonly suppressedCount: number;
  readonly draft: Draft | null;
  readonly edit: Edit | null;
  readonly note: Note | null;
  readonly agent: Agent | null;
}

export type CallEvent =
  | { readonly kind: 'utterance'; readonly utterance: Utterance }
  | { readonly kind: 'gap'; readonly gap: Stretch<GapReason> }
  | { readonly kind: 'not_transcribed'; readonly stretch: Stretch<NotTranscribedReason> }
  | { readonly kind: 'suppressed' }
  | { readonly kind: 'state'; readonly summary: CallSummary }
  | {
      readonly kind: 'draft_started';
      readonly number: number;
      readonly attempt: number;
      readonly provisional: boolean;
    }
  | {
      readonly kind: 'draft_sentence';
      readonly number: number;
      readonly attempt: number;
      readonly sentence: Sentence;
    }
  | { readonly kind: 'draft_finished'; readonly draft: Draft }
  | { readonly kind: 'draft_failed'; readonly number: number; readonly failure: Failure }
  | { readonly kind: 'late'; readonly utterances: number }
  | { readonly kind: 'edit_saved'; readonly revision: number }
  | { readonly kind: 'note_saved'; readonly note: Note }
  | { readonly kind: 'partial'; readonly partial: Partial }
  | { readonly kind: 'agent'; readonly agent: Agent };

type Json = Readonly<Record<string, unknown>>;

const record = (value: unknown, field: string): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadMessage(field);
  return value as Json;
};
const text = (from: Json, field: string): string => {
  const value = from[field];
  if (typeof value !== 'string') throw new BadMessage(field);
  return value;
};
const textOrNull = (from: Json, field: string): string | null => (from[field] == null ? null : text(from, field));
const number = (from: Json, field: string): number => {
  const value = from[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new BadMessage(field);
  return value;
};
const numberOrNull = (from: Json, field: string): number | null => (from[field] == null ? null : number(from, field));
const list = <T>(from: Json, field: string, each: (value: Json) => T): readonly T[] => {
  const value = from[field];
  if (!Array.isArray(value)) throw new BadMessage(field);
  return value.map((item) => each(record(item, field)));
};
const maybe = <T>(from: Json, field: string, read: (value: Json) => T): T | null =>
  from[field] == null ? null : read(record(from[field], field));
const known = <T extends string>(from: Json, field: string, of: readonly T[]): T => {
  const found = of.find((value) => value === from[field]);
  if (found === undefined) throw new BadMessage(field);
  return found;
};
const knownOr = <T extends string>(value: unknown, of: readonly T[], otherwise: T): T =>
  of.find((candidate) => candidate === value) ?? otherwise;

const texts = (from: Json, field: string): Texts => {
  const value = record(from[field], field);
  return Object.fromEntries(Object.keys(value).map((key) => [key, text(value, key)]));
};

export const summary = (value: unknown): CallSummary => {
  const from = record(value, 'call');
  return {
    id: text(from, 'id'),
    caseId: textOrNull(from, 'case_id'),
    area: text(from, 'area'),
    direction: knownOr(from.direction, DIRECTIONS, 'unknown'),
    state: known(from, 'state', CALL_STATES),
    status: known(from, 'status', STATUSES),
    reason: textOrNull(from, 'status_reason'),
    startedMs: number(from, 'started_ms'),
    offsetS: number(from, 'started_utc_offset_s'),
    endedMs: numberOrNull(from, 'ended_ms'),
    durationMs: numberOrNull(from, 'duration_ms'),
    sequence: number(from, 'sequence'),
  };
};

export const summaries = (value: unknown): readonly CallSummary[] => list(record(value, 'body'), 'calls', summary);

const utterance = (from: Json): Utterance => ({
  track: known(from, 'track', TRACKS),
  start: number(from, 'start'),
  startMs: number(from, 'start_ms'),
  endMs: number(from, 'end_ms'),
  text: text(from, 'text'),
  echo: numberOrNull(from, 'echo_of_ms') !== null,
});

const stretch =
  <R extends string>(reasons: readonly R[], otherwise: R) =>
  (from: Json): Stretch<R> => ({
    track: known(from, 'track', TRACKS),
    startMs: number(from, 'start_ms'),
    endMs: number(from, 'end_ms'),
    reason: knownOr(from.reason, reasons, otherwise),
  });
const gap = stretch(GAP_REASONS, 'other');
const notTranscribed = stretch(NOT_TRANSCRIBED_REASONS, 'other');

export const suppressed = (value: unknown): readonly Suppressed[] =>
  list(record(value, 'body'), 'suppressed', (from) => ({
    ...stretch<SuppressedReason>(SUPPRESSED_REASONS, 'other')(from),
    text: text(from, 'text'),
  }));

const sentence = (from: Json): Sentence => ({
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
  reported: from.record == null ? '' : text(from.record as Json, 'model_reported'),
  trouble: from.trouble == null ? null : knownOr(from.trouble, TROUBLES, 'other'),
});

const draft = (from: Json): Draft => ({
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

export const edit = (value: unknown): Edit => {
  const from = record(value, 'edit');
  return {
    revision: number(from, 'revision'),
    draft: numberOrNull(from, 'draft'),
    sections: texts(from, 'sections'),
  };
};

export const note = (value: unknown): Note => {
  const from = record(value, 'note');
  return {
    version: number(from, 'version'),
    sections: texts(from, 'sections'),
    savedMs: number(from, 'saved_ms'),
    correctionMs: numberOrNull(from, 'correction_ms'),
  };
};

const agent = (from: Json): Agent => ({
  state: knownOr(from.state, AGENT_STATES, 'starting'),
  sinceMs: number(from, 'since_ms'),
  nearLevel: number(from, 'near_level'),
  farLevel: number(from, 'far_level'),
});

export const presence = (value: unknown): Presence => {
  const from = record(value, 'agent');
  return {
    inContact: number(from, 'in_contact'),
    lost: number(from, 'lost'),
    inTrouble: number(from, 'in_trouble'),
    state: from.state == null ? null : knownOr(from.state, AGENT_STATES, 'starting'),
  };
};

export const detail = (value: unknown): CallDetail => {
  const from = record(value, 'call');
  return {
    ...summary(from),
    language: text(from, 'language'),
    sections: list(from, 'sections', (one) => ({ id: text(one, 'id'), heading: text(one, 'heading') })),
    utterances: list(from, 'utterances', utterance),
    gaps: list(from, 'gaps', gap),
    notTranscribed: list(from, 'not_transcribed', notTranscribed),
    suppressedCount: number(from, 'suppressed_count'),
    draft: maybe(from, 'draft', draft),
    edit: maybe(from, 'edit', edit),
    note: maybe(from, 'note', note),
    agent: maybe(from, 'agent', agent),
  };
};

export const revision = (value: unknown): number => number(record(value, 'body'), 'revision');

/** What another client stored meanwhile, out of a 412. */
export const current = (value: unknown): unknown => record(value, 'problem').current;

/** One event of a call's stream, or null when this version does not know its kind. */
export const callEvent = (kind: string, value: unknown): CallEvent | null => {
  const from = record(value, kind);
  switch (kind) {
    case 'utterance':
      return { kind, utterance: utterance(from) };
    case 'gap':
      return { kind, gap: gap(from) };
    case 'not_transcribed':
      return { kind, stretch: notTranscribed(from) };
    case 'suppressed':
      return { kind };
    case 'state':
      return { kind, summary: summary(from) };
    case 'draft_started':
      return {
        kind,
        number: number(from, 'number'),
        attempt: number(from, 'attempt'),
        provisional: from.provisional === true,
      };
    case 'draft_sentence':
      return {
        kind,
        number: number(from, 'number'),
        attempt: number(from, 'attempt'),
        sentence: sentence(record(from.sentence, 'sentence')),
      };
    case 'draft_finished':
      return { kind, draft: draft(from) };
    case 'draft_failed':
      return {
        kind,
        number: number(from, 'number'),
        failure: knownOr(from.failure, FAILURES, 'drafter_failed'),
      };
    case 'late':
      return { kind, utterances: number(from, 'utterances') };
    case 'edit_saved':
      return { kind, revision: number(from, 'revision') };
    case 'note_saved':
      return { kind, note: note(from) };
    case 'partial':
      return {
        kind,
        partial: { track: known(from, 'track', TRACKS), startMs: number(from, 'start_ms'), text: text(from, 'text') },
      };
    case 'agent':
      return { kind, agent: agent(from) };
    default:
      return null;
  }
};
