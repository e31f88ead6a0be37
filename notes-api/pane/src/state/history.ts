// What a person did to the texts, step by step, so that it can be undone and done again. Pure.
//
// In: the state before and after an event. Out: the state with its history. Keys that follow each other are one step. What
// somebody else wrote into a section forgets the steps of that section: to undo them would take away another's words.
// Promised: a section in which a person wrote stays theirs, whatever is undone: no draft fills it again.

import { nameOf } from '../checks';
import type { Event, Section, Shown } from '../state';

type Mine = Pick<Section, 'text' | 'seen' | 'decided' | 'elsewhere'>;

interface Change {
  readonly id: string;
  readonly before: Mine;
  readonly after: Mine;
}

export interface Step {
  readonly changes: readonly Change[];
  /** What may be missing and was put in, by `nameOf`. */
  readonly dismissed: string | null;
  readonly kind: 'keys' | 'whole';
  readonly at: number;
}

export interface History {
  readonly past: readonly Step[];
  readonly future: readonly Step[];
}

export const NO_HISTORY: History = { past: [], future: [] };

/** Steps that are kept; the oldest goes first. */
const MOST = 200;
/** A pause that ends a group of keys. */
const PAUSE_MS = 1_000;
/** More characters than this at once were not typed but put in or cut out. */
const KEYS = 2;

const BY_HAND: ReadonlySet<Event['kind']> = new Set([
  'typed',
  'missing_inserted',
  'offer_answered',
  'elsewhere_answered',
  'draft_restored',
  'text_taken',
] as const);

const mine = ({ text, seen, decided, elsewhere }: Section): Mine => ({ text, seen, decided, elsewhere });

/** The history after `event`, which made `after` of `before`. */
export const noted = (before: Shown, after: Shown, event: Event): Shown => {
  if (event.kind === 'undone' || event.kind === 'redone' || before.sections === after.sections) return after;
  const changes = after.sections.flatMap((section): readonly Change[] => {
    const old = before.sections.find(({ id }) => id === section.id);
    return old === undefined || old === section || same(old, section)
      ? []
      : [{ id: section.id, before: mine(old), after: mine(section) }];
  });
  if (changes.length === 0) return after;
  if (!BY_HAND.has(event.kind)) return forgetting(after, changes);
  const at = event.kind === 'typed' ? event.at : after.now;
  const kind = event.kind === 'typed' && changes.every(isKeys) ? 'keys' : 'whole';
  const dismissed = event.kind === 'missing_inserted' ? nameOf(event.missing) : null;
  const last = after.history.past.at(-1);
  const joined = last === undefined || kind === 'whole' ? null : join(last, changes, at);
  const past =
    joined === null
      ? [...after.history.past, { changes, dismissed, kind, at } as const].slice(-MOST)
      : [...after.history.past.slice(0, -1), joined];
  return { ...after, history: { past, future: [] } };
};

const same = (a: Section, b: Section): boolean =>
  a.text === b.text &&
  a.seen.length === b.seen.length &&
  a.decided.length === b.decided.length &&
  a.elsewhere === b.elsewhere;

const growth = ({ before, after }: Change): number => after.text.length - before.text.length;
const isKeys = (change: Change): boolean => Math.abs(growth(change)) <= KEYS;

/** One step of two, where somebody just types on: in the same section, the same way, without a pause or a new line. */
const join = (last: Step, changes: readonly Change[], at: number): Step | null => {
  const [old, now] = [last.changes[0], changes[0]];
  if (last.kind !== 'keys' || old === undefined || now === undefined || old.id !== now.id) return null;
  if (at - last.at >= PAUSE_MS || Math.sign(growth(now)) !== Math.sign(growth(old))) return null;
  if (lines(now.after.text) !== lines(old.before.text)) return null;
  return { ...last, changes: [{ ...now, before: old.before }], at };
};

const lines = (text: string): number => text.split('\n').length;

/** Another wrote here: only where words changed. */
const forgetting = (state: Shown, changes: readonly Change[]): Shown => {
  const ids = changes.filter(({ before, after }) => before.text !== after.text).map(({ id }) => id);
  const isFree = ({ changes }: Step): boolean => changes.every(({ id }) => !ids.includes(id));
  const { past, future } = state.history;
  return ids.length === 0 || (past.length === 0 && future.length === 0)
    ? state
    : { ...state, history: { past: past.filter(isFree), future: future.filter(isFree) } };
};

export const undo = (state: Shown): Shown => {
  const step = state.history.past.at(-1);
  if (step === undefined) return state;
  const { past, future } = state.history;
  return {
    ...put(state, step, 'before'),
    dismissed: state.dismissed.filter((name) => name !== step.dismissed),
    history: { past: past.slice(0, -1), future: [step, ...future] },
  };
};

export const redo = (state: Shown): Shown => {
  const [step, ...future] = state.history.future;
  if (step === undefined) return state;
  return {
    ...put(state, step, 'after'),
    dismissed: step.dismissed === null ? state.dismissed : [...state.dismissed, step.dismissed],
    history: { past: [...state.history.past, step], future },
  };
};

const put = (state: Shown, { changes }: Step, which: 'before' | 'after'): Shown => ({
  ...state,
  sections: state.sections.map((section) => {
    const change = changes.find(({ id }) => id === section.id);
    return change === undefined ? section : { ...section, ...change[which], touched: true };
  }),
});

/** Where the texts of a step differ: the section, and the end of what changed. */
export const placeOf = (step: Step | undefined, which: 'before' | 'after'): readonly [string, number] | null => {
  const change = step?.changes.find(({ before, after }) => before.text !== after.text) ?? step?.changes[0];
  if (change === undefined) return null;
  const [now, then] =
    which === 'before' ? [change.before.text, change.after.text] : [change.after.text, change.before.text];
  let tail = 0;
  while (tail < Math.min(now.length, then.length) && now.at(-1 - tail) === then.at(-1 - tail)) tail += 1;
  return [change.id, now.length - tail];
};
