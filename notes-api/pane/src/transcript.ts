// What was said and what is missing, in one order. Pure.
//
// In: what the pane knows of a call. Out: lines as they stand below each other. A stretch that is missing on both
// tracks at once for the same reason is one line. Not done here: no words for people.

import { uncertainOf } from './checks';
import type { Shown } from './state';
import type { GapReason, NotTranscribedReason, Track } from './wire';

export type Line =
  | {
      readonly kind: 'said';
      readonly key: string;
      readonly track: Track;
      readonly startMs: number;
      readonly text: string;
      readonly echo: boolean;
      /** Which words were perhaps misheard. */
      readonly uncertain: readonly number[];
    }
  | {
      readonly kind: 'coming';
      readonly key: string;
      readonly track: Track;
      readonly startMs: number;
      readonly text: string;
    }
  | {
      readonly kind: 'gap';
      readonly key: string;
      readonly track: Track | 'both';
      readonly startMs: number;
      readonly endMs: number;
      readonly reason: GapReason;
    }
  | {
      readonly kind: 'not_transcribed';
      readonly key: string;
      readonly track: Track;
      readonly startMs: number;
      readonly endMs: number;
      readonly reason: NotTranscribedReason;
    };

/** Tracks begin and end a few chunks apart; that is no difference to a person. */
const SAME_MS = 500;

export const lines = (
  state: Pick<Shown, 'utterances' | 'gaps' | 'notTranscribed' | 'partials' | 'draft'>,
): readonly Line[] => {
  const said = state.utterances.map(
    ({ track, start, ...one }): Line => ({
      ...one,
      kind: 'said',
      key: `said ${track} ${start}`,
      track,
      uncertain: uncertainOf(state.draft, { track, start }),
    }),
  );
  const missing = state.notTranscribed.map(
    (one): Line => ({ kind: 'not_transcribed', key: `untold ${one.track} ${one.startMs}`, ...one }),
  );
  const coming = [state.partials.near, state.partials.far]
    .filter((partial) => partial !== null && partial.text.trim() !== '')
    .map((one): Line => ({ kind: 'coming', key: `coming ${one?.track}`, track: 'near', startMs: 0, text: '', ...one }));
  return [...said, ...missing, ...gaps(state.gaps), ...coming].sort(
    (a, b) => a.startMs - b.startMs || (a.key < b.key ? -1 : 1),
  );
};

/** Every call begins with a moment before the devices give sound; only a long one is worth a line. */
const BEGINNING_MS = 1_000;

const gaps = (heard: Shown['gaps']): readonly Line[] => {
  const all = heard.filter((gap) => gap.reason !== 'not_started' || gap.endMs - gap.startMs >= BEGINNING_MS);
  const far = all.filter(({ track }) => track === 'far');
  const near = all.filter(({ track }) => track === 'near');
  const close = (a: number, b: number): boolean => Math.abs(a - b) <= SAME_MS;
  const paired = new Set<unknown>();
  const joined = near.map((one): Line => {
    const twin = far.find(
      (other) =>
        !paired.has(other) &&
        other.reason === one.reason &&
        close(other.startMs, one.startMs) &&
        close(other.endMs, one.endMs),
    );
    if (twin !== undefined) paired.add(twin);
    const track = twin === undefined ? 'near' : 'both';
    return { ...one, kind: 'gap', key: `gap ${track} ${one.startMs} ${one.endMs}`, track };
  });
  const alone = far.filter((one) => !paired.has(one));
  return [
    ...joined,
    ...alone.map((one): Line => ({ ...one, kind: 'gap', key: `gap far ${one.startMs} ${one.endMs}` })),
  ];
};
