// Which calls stand beside the open case, which one is shown, and which others the person is told of. Pure.
//
// In: the case that the host has open, and the caseworker's calls. Out: those of the case, the one to show, the ones to
// offer. Promised:
//   C1  A call is never shown beside a case that is not its own unless the person asked for that call.
//   C2  A call that goes on, or a text that was left unsaved, is offered as long as it is so, whichever case is open.
// Not done here: no call is bound to a case; that is the telephony's or the person's to say.

import { type Calls, chosen, listed, NO_CALLS } from './calls';
import type { CallSummary } from './wire';

export interface Beside {
  readonly caseId: string | null;
  /** Of the case, as calls.ts keeps them; `current` may be another that the person asked for. */
  readonly calls: Calls;
  /** Calls of other cases, or of none. */
  readonly others: readonly CallSummary[];
  /** The call whose unsaved text the case was changed over. */
  readonly left: string | null;
}

export const NOTHING: Beside = { caseId: null, calls: NO_CALLS, others: [], left: null };

/** The host opened another case: what was shown is let go, and remembered if it is not finished. */
export const turned = (before: Beside, caseId: string | null, { unfinished }: { unfinished: boolean }): Beside => {
  if (before.caseId === caseId) return before;
  const left = unfinished ? before.calls.current : before.left;
  return { caseId, calls: NO_CALLS, others: [], left };
};

/** The server's list of the caseworker's calls. */
export const told = (before: Beside, all: readonly CallSummary[], { unfinished }: { unfinished: boolean }): Beside => {
  const { caseId, calls } = before;
  const own = all.filter((call) => caseId !== null && call.caseId === caseId);
  const others = all.filter((call) => !own.includes(call));
  const asked = calls.current !== null && others.some(({ id }) => id === calls.current);
  // Beside a call that was asked for the case's own go on being listed, and a new one is offered.
  const next = listed(calls, own, { unfinished: unfinished || asked, wanted: before.left });
  return { ...before, calls: next, others, left: stillLeft(before.left, all) };
};

/** One call changed; null if it is not known here, and the list has to be asked for. */
export const changed = (before: Beside, summary: CallSummary): Beside | null => {
  const newer = (one: CallSummary): CallSummary =>
    one.id === summary.id && one.sequence <= summary.sequence ? summary : one;
  const known = [...before.calls.list, ...before.others].find(({ id }) => id === summary.id);
  // A call that is given its case, or loses it when it is erased, changes its place.
  if (known === undefined || known.caseId !== summary.caseId) return null;
  const list = before.calls.list.map(newer);
  const others = before.others.map(newer);
  return { ...before, calls: { ...before.calls, list }, others, left: stillLeft(before.left, [...list, ...others]) };
};

export const asked = (before: Beside, id: string): Beside => ({
  ...before,
  calls: chosen(before.calls, id),
  left: before.left === id ? null : before.left,
});

/** The call that is shown, if it is one of another case than the open one, or of none. */
export const stranger = ({ calls, others, caseId }: Beside): CallSummary | null =>
  caseId === null ? null : (others.find(({ id }) => id === calls.current) ?? null);

/** From a call that is not of the case back to those that are. */
export const back = (before: Beside): Beside => ({
  ...before,
  calls: { ...before.calls, current: before.calls.list.find(({ state }) => state !== 'discarded')?.id ?? null },
});

export interface Offer {
  readonly kind: 'unsaved' | 'live' | 'new';
  readonly call: CallSummary;
}
const MOST_OFFERS = 3;

/** Calls that the person is told of while another, or none, is shown; the one left unsaved first. */
export const offers = ({ calls, others, left }: Beside): readonly Offer[] => {
  const aside = [...calls.list, ...others].filter(({ id }) => id !== calls.current);
  const of = (kind: Offer['kind'], is: (call: CallSummary) => boolean): readonly Offer[] =>
    aside.filter(is).map((call) => ({ kind, call }));
  return [
    ...of('unsaved', ({ id }) => id === left),
    ...of('live', (call) => others.includes(call) && isLive(call) && call.id !== left),
    ...of('new', ({ id }) => id === calls.offered && id !== left),
  ].slice(0, MOST_OFFERS);
};

const isLive = ({ state }: CallSummary): boolean => state === 'live' || state === 'out_of_contact';

const stillLeft = (left: string | null, all: readonly CallSummary[]): string | null =>
  all.some(({ id, status }) => id === left && status !== 'saved' && status !== 'discarded') ? left : null;
