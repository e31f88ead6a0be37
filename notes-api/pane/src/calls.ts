// The list of calls: which there are, which one is shown, and when a new one takes its place. Pure, but for drawing.
//
// In: what the server lists, and what the person chose. Out: the call to show. Promised: a new call shows itself unless
// that would take an unsaved text from under somebody's hands; then it is offered. Every call stays on the list.

import { CATALOGUES, type Language } from './catalogue';
import { type Child, el } from './dom';
import { mark, type Tone } from './marks';
import { within } from './plain';
import * as time from './time';
import type { CallSummary, Status } from './wire';

export interface Calls {
  readonly list: readonly CallSummary[];
  readonly current: string | null;
  /** A call that began meanwhile and waits to be looked at. */
  readonly offered: string | null;
}

export const NO_CALLS: Calls = { list: [], current: null, offered: null };

/** The list as the server has it now. `wanted` is the call that an earlier page showed. */
export const listed = (
  before: Calls,
  answer: readonly CallSummary[],
  { unfinished, wanted }: { unfinished: boolean; wanted: string | null },
): Calls => {
  const list = [...answer].sort((a, b) => b.startedMs - a.startedMs);
  const known = new Set(before.list.map(({ id }) => id));
  const newest = list.find(({ state }) => state !== 'discarded');
  if (before.current === null) {
    const again = list.find(({ id }) => id === wanted) ?? newest;
    return { list, current: again?.id ?? null, offered: null };
  }
  const begun = newest !== undefined && !known.has(newest.id) && newest.id !== before.current && isLive(newest);
  if (begun && !unfinished) return { list, current: newest.id, offered: null };
  const offered = begun ? newest.id : before.offered;
  return { list, current: before.current, offered: list.some(({ id }) => id === offered) ? offered : null };
};

export const chosen = (calls: Calls, id: string): Calls => ({
  ...calls,
  current: id,
  offered: calls.offered === id ? null : calls.offered,
});

/** The pane hears of its own call sooner than the list does. */
export const changed = (calls: Calls, summary: CallSummary): Calls => ({
  ...calls,
  list: calls.list.map((one) => (one.id === summary.id && one.sequence <= summary.sequence ? summary : one)),
});

/** Calls with a draft of which no note was saved, the oldest first. */
export const unsaved = ({ list }: Calls): readonly CallSummary[] =>
  list.filter(({ status }) => status === 'draft_ready').sort((a, b) => a.startedMs - b.startedMs);

/** After so long somebody is reminded of a draft, and as long after they put it off. */
const REMIND_MS = 15 * 60_000;

/** The first that has waited for long; `later` says when a reminder was put off. */
export const overdue = (
  waiting: readonly CallSummary[],
  nowMs: number,
  later: ReadonlyMap<string, number>,
): CallSummary | null =>
  waiting.find(({ id, endedMs, startedMs }) => nowMs - (later.get(id) ?? endedMs ?? startedMs) >= REMIND_MS) ?? null;

const isLive = ({ state }: CallSummary): boolean => state === 'live' || state === 'out_of_contact';

const TONES: Readonly<Record<Status, Tone>> = {
  listening: 'good',
  no_contact: 'warn',
  text_behind: 'warn',
  transcription_down: 'bad',
  drafting: 'act',
  draft_ready: 'act',
  draft_failed: 'bad',
  saved: 'done',
  discarded: 'quiet',
};

/** The list, by day. `now` is the wall clock of this PC. */
export const drawCalls = (
  calls: Calls,
  language: Language,
  now: { readonly ms: number; readonly offsetS: number },
  choose: (id: string) => void,
): readonly Child[] => {
  const words = CATALOGUES[language];
  const today = time.day(now.ms, now.offsetS);
  const days = new Map<number, CallSummary[]>();
  for (const call of calls.list) {
    const day = time.day(call.startedMs, call.offsetS);
    days.set(day, [...(days.get(day) ?? []), call]);
  }
  return [...days].flatMap(([day, of]) => [
    el('h2', {}, dayName(day, today, of, language)),
    el('ul', {}, ...of.map((call) => el('li', {}, entry(call, call.id === calls.current, words, choose)))),
  ]);
};

const dayName = (day: number, today: number, of: readonly CallSummary[], language: Language): string => {
  const words = CATALOGUES[language];
  if (day === today) return words.today;
  if (day === today - 1) return words.yesterday;
  const first = of[0];
  return first === undefined ? '' : time.date(first.startedMs, first.offsetS);
};

const entry = (
  call: CallSummary,
  current: boolean,
  words: (typeof CATALOGUES)[Language],
  choose: (id: string) => void,
): HTMLElement => {
  const tone = TONES[call.status];
  const area = within(call.area.charAt(0).toUpperCase() + call.area.slice(1));
  const made = el(
    'button',
    { type: 'button', class: 'call', 'aria-current': current ? 'true' : null, 'data-focus': call.id },
    el('time', {}, time.clock(call.startedMs, call.offsetS)),
    el('b', {}, call.caseId === null ? area : words.caseNumber(within(call.caseId))),
    el('span', { class: tone }, mark(tone), words.headline[call.status]),
  );
  made.addEventListener('click', () => choose(call.id));
  return made;
};
