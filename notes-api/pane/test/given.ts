// What the tests begin from: the server's JSON of a call, and the states that come of it.

import { CATALOGUES } from '../src/catalogue';
import { en } from '../src/catalogue/en';
import { EMPTY, type Event, next, type Shown, type State } from '../src/state';
import { type CallDetail, type Confirm, detail, type Flag, type FlagKind, type Sentence } from '../src/wire';

// A page fetches English when somebody wants it; a test has it at once.
CATALOGUES.en = en;

export const AT = 1_700_000_000_000;

export const json = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  id: 'c1',
  case_id: '2026-114823',
  area: 'standard',
  direction: 'incoming',
  state: 'complete',
  status: 'drafting',
  status_reason: null,
  started_ms: AT - 60_000,
  started_utc_offset_s: 3600,
  ended_ms: AT,
  duration_ms: 60_000,
  sequence: 7,
  language: 'da',
  sections: [
    { id: 'reason', heading: 'Årsag' },
    { id: 'agreed', heading: 'Aftalt' },
  ],
  utterances: [],
  gaps: [],
  not_transcribed: [],
  suppressed_count: 0,
  draft: null,
  edit: null,
  note: null,
  agent: null,
  ...changes,
});

export const call = (changes: Readonly<Record<string, unknown>> = {}): CallDetail => detail(json(changes));

export const LIVE = { state: 'live', status: 'listening', ended_ms: null, duration_ms: null };

/** The state after the call was loaded and `events` happened. */
export const after = (detail: CallDetail, ...events: readonly Event[]): Shown => {
  const loaded: Event = { kind: 'loaded', detail, kept: null, at: AT };
  const state = [loaded, ...events].reduce<State>(next, EMPTY);
  if (state.kind !== 'shown') throw new Error(`not shown: ${state.kind}`);
  return state;
};

export const also = (state: Shown, ...events: readonly Event[]): Shown => {
  const now = events.reduce<State>(next, state);
  if (now.kind !== 'shown') throw new Error(`not shown: ${now.kind}`);
  return now;
};

export const text = (state: Shown, section: string): string =>
  state.sections.find(({ id }) => id === section)?.text ?? '(no such section)';

/** A doubt about some words of a sentence; without words about the whole. */
export const doubt = (kind: FlagKind, of: string, words = of): Flag => ({
  kind,
  reason: 'other',
  start: of.indexOf(words),
  end: of.indexOf(words) + words.length,
  said: '',
  evidence: [],
});

export const sentence = (
  index: number,
  section: string,
  words: string,
  more: { flags?: readonly Flag[]; confirm?: Confirm } = {},
): Sentence => ({
  index,
  section,
  text: words,
  evidence: [{ track: 'far', start: 16_000 * index }],
  flags: [],
  confirm: null,
  ...more,
});

export const said = (index: number, section: string, words: string, number = 1, attempt = 1): Event => ({
  kind: 'draft_sentence',
  number,
  attempt,
  sentence: sentence(index, section, words),
});

export const started = (number: number, attempt = 1): Event => ({
  kind: 'draft_started',
  number,
  attempt,
  provisional: false,
});

export const finished = (number: number, attempt = 1): Event => ({
  kind: 'draft_finished',
  draft: {
    number,
    attempt,
    state: 'ready',
    failure: null,
    provisional: false,
    origin: { kind: 'llm', model: 'm', reported: '', trouble: null },
    sentences: [],
    firstSentenceMs: 300,
    wholeMs: 800,
    missing: [],
    uncertain: [],
  },
});

export const typed = (section: string, words: string, at = AT): Event => ({ kind: 'typed', section, text: words, at });
