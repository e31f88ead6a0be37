// Tells of a button which key does the same.

import { el, set } from './dom';
import { type Deed, keyOf, shown, spoken } from './keys';

/** To who hears it, and to who rests on it. */
export const hinted = <B extends HTMLElement>(made: B, deed: Deed, at = keyOf(deed)): B => {
  set(made, 'aria-keyshortcuts', spoken(at));
  set(made, 'title', shown(at));
  return made;
};

/** The same, and to who sees it. */
export const labelled = <B extends HTMLElement>(made: B, deed: Deed, at = keyOf(deed)): B => {
  // Whoever hears it has it from `aria-keyshortcuts`.
  made.append(el('kbd', { 'aria-hidden': true }, shown(at)));
  return hinted(made, deed, at);
};
