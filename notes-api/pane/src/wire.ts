// What notes-api says, and the one place where doubt about it ends.
//
// In: JSON of the HTTP API and of its event streams. Out: typed, read-only values.
// Promised: a value that left here has every field it claims; a reason or state that this version does not know becomes
// `other` (or is left out), never an exception; an event of an unknown kind is `null` and is skipped.
// Not done here: no words for people, no state.

import { type Draft, draft, FAILURES, type Failure, type Sentence, sentence, TRACKS, type Track } from './wire/draft';
import { type Json, known, knownOr, list, maybe, number, numberOrNull, record, text, textOrNull } from './wire/json';

export * from './wire/draft';
export { BadMessage } from './wire/json';

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
export type Direction = (typeof DIRECTIONS)[number];
export type CallState = (typeof CALL_STATES)[number];
export type Status = (typeof STATUSES)[number];
export type GapReason = (typeof GAP_REASONS)[number];
export type NotTranscribedReason = (typeof NOT_TRANSCRIBED_REASONS)[number];
export type SuppressedReason = (typeof SUPPRESSED_REASONS)[number];
export type AgentStateKind = (typeof AGENT_STATES)[number];
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

export interface Edit {
  readonly revision: number;
  readonly draft: number | null;
  readonly sections: Texts;
}

export interface Note {
  readonly id: string;
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

/** What stands over a section of the note. */
export interface Heading {
  readonly id: string;
  readonly heading: string;
}

export interface CallDetail extends CallSummary {
  readonly language: string;
  readonly sections: readonly Heading[];
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
      /** Those that it is written under; null: as before. */
      readonly sections?: readonly Heading[] | null;
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
    id: text(from, 'id'),
    version: number(from, 'version'),
    sections: texts(from, 'sections'),
    savedMs: number(from, 'saved_ms'),
    correctionMs: numberOrNull(from, 'correction_ms'),
  };
};

/** Every version of a note. */
export const versions = (value: unknown): readonly Note[] => list(record(value, 'body'), 'versions', note);

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

const heading = (from: Json): Heading => ({ id: text(from, 'id'), heading: text(from, 'heading') });

/** Where a browser says goodbye to the provider after logging out. */
export const farewell = (value: unknown): string | null => textOrNull(record(value, 'body'), 'farewell');

/** The areas that calls can get, by name. */
export const areaNames = (value: unknown): readonly string[] =>
  list(record(value, 'body'), 'areas', (one) => (one.settings == null ? '' : text(one, 'id'))).filter(
    (name) => name !== '',
  );

export const detail = (value: unknown): CallDetail => {
  const from = record(value, 'call');
  return {
    ...summary(from),
    language: text(from, 'language'),
    sections: list(from, 'sections', heading),
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
        sections: from.sections == null ? null : list(from, 'sections', heading),
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
