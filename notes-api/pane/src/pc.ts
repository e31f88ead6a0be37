// What the page says of the caseworker's PC while no call goes on: is it there, and in what state. Pure, but for drawing.
//
// In: which PCs the server sees, and whether the call that is shown goes on. Out: a line, or none: a call that goes on says
// it itself, and a page that does not hear the server knows nothing. As long as there is no login a page belongs to nobody in
// particular: of several PCs it says how many there are, and whether one is lost or in trouble.

import { CATALOGUES, type Language } from './catalogue';
import { type Child, el } from './dom';
import { mark, TONES, type Tone } from './marks';
import type { CallSummary, Presence } from './wire';

export interface Line {
  readonly tone: Tone;
  readonly what: string;
  readonly todo: string | null;
}

/** What is said now. `shown` is the call that stands on the page. */
export const pcLine = (
  presence: Presence | null,
  hearsServer: boolean,
  shown: CallSummary | null,
  language: Language,
): Line | null => {
  if (presence === null || !hearsServer || shown?.state === 'live' || shown?.state === 'out_of_contact') return null;
  const { pc, headline, trouble } = CATALOGUES[language];
  const { inContact, lost, inTrouble, state } = presence;
  if (inContact === 0) return { tone: TONES.no_contact, what: pc.one(headline.no_contact), todo: pc.noContact };
  if (state === null) {
    const parts = [pc.several(inContact), lost > 0 && pc.lost(lost), inTrouble > 0 && pc.inTrouble(inTrouble)];
    const tone = inTrouble > 0 ? 'bad' : lost > 0 ? 'warn' : 'good';
    return { tone, what: parts.filter((part) => part !== false).join(' · '), todo: null };
  }
  if (state === 'idle') return { tone: 'good', what: pc.one(pc.ready), todo: null };
  return { tone: TONES[state], what: pc.one(headline[state]), todo: trouble[state]?.[1] ?? null };
};

export const drawPc = ({ tone, what, todo }: Line): readonly Child[] => [
  el('strong', { class: tone }, mark(tone), what),
  todo !== null && el('span', {}, todo),
];
