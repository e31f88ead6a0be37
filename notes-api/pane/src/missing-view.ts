// What a whole draft may be missing: what was said, or what the area wants noted, and stands in no sentence.
//
// In: a `State`. Out: a list below the sections, hidden when empty; below what the keyboard stands on, or whose words were
// pressed, its utterance. A button that is pressed moves nothing, so that none slips away under the hand. `insert` puts the
// words of one into the section where the caret was last.
// Not done here: deciding what is missing (the guards, checks.ts).

import { CATALOGUES } from './catalogue';
import { missingOf, uncertainOf, utterancesOf } from './checks';
import { button, draw, el, set } from './dom';
import { hinted, labelled } from './hint';
import { KEYS } from './keys';
import { visible } from './plain';
import { hasFields } from './questions';
import { quote } from './quote';
import type { Section, Shown } from './state';
import * as time from './time';
import type { Stage } from './view';
import type { Missing, Utterance } from './wire';

/** The section that takes what was said, in every area that has one. */
const INFORMATION = 'information';

const INSERT = KEYS.find(({ deed }) => deed === 'insert_missing')?.chords ?? [];

export const sectionFor = (sections: readonly Section[], caret: string | null): string | null =>
  [caret, INFORMATION, sections[0]?.id].find((id) => sections.some((section) => section.id === id)) ?? null;

/** What is shown of one. */
interface Known {
  readonly missing: Missing;
  readonly utterance: Utterance | null;
  readonly uncertain: readonly number[];
}

export class MissingView {
  readonly root: HTMLElement;
  readonly #stage: Stage;
  readonly #inserted: (section: string) => void;
  readonly #list = el('ul');
  #state: Shown | null = null;
  #caret: string | null = null;
  #looked: number | null = null;

  /** `inserted` hears where words were put. */
  constructor(stage: Stage, inserted: (section: string) => void) {
    this.#stage = stage;
    this.#inserted = inserted;
    const title = CATALOGUES[stage.language].maybeMissingTitle;
    const heading = el('h2', { id: 'missing' }, title);
    this.root = el('section', { class: 'missing', 'aria-labelledby': 'missing' }, heading, this.#list);
  }

  /** Where the caret was last. */
  set caret(section: string) {
    this.#caret = section;
  }

  draw(state: Shown): void {
    this.#state = state;
    const all = hasFields(state) ? missingOf(state) : [];
    this.root.hidden = all.length === 0;
    const known = all.map((missing): Known => {
      const [utterance = null] = utterancesOf(state, [missing.evidence]);
      return { missing, utterance, uncertain: uncertainOf(state.draft, missing.evidence) };
    });
    if (draw(this.#list, known, () => known.map((one, at) => this.#item(one, at)))) this.#look(this.#looked);
  }

  /** Puts the words of item `at` into the note; false if there is none. */
  insert(at: number): boolean {
    const missing = this.#state === null || this.root.hidden ? undefined : missingOf(this.#state)[at];
    const section = sectionFor(this.#state?.sections ?? [], this.#caret);
    if (missing === undefined || section === null) return false;
    this.#stage.act({ kind: 'missing_inserted', missing, section });
    this.#inserted(section);
    return true;
  }

  /** Turns down the one that stands first. */
  dismiss(): void {
    const first = this.#state === null || this.root.hidden ? undefined : missingOf(this.#state)[0];
    if (first !== undefined) this.#stage.act({ kind: 'missing_dismissed', missing: first });
  }

  #item({ missing, utterance, uncertain }: Known, at: number): HTMLElement {
    const { language } = this.#stage;
    const words = CATALOGUES[language];
    const said = words.quoted(visible(missing.said));
    const below = utterance === null ? null : quote(utterance, uncertain, language, { matter: [missing.said] });
    if (below !== null) below.id = `missing-${at}`;
    const described = below?.id ?? null;
    const what = button('', () => this.#look(at), {
      class: 'what',
      'aria-controls': described,
      'data-focus': `missing-${at}`,
    });
    what.append(
      el('b', {}, missing.kind === null ? visible(missing.fact) : words.maybeMissingKind[missing.kind]),
      utterance === null ? '' : el('time', {}, time.intoCall(utterance.startMs)),
      el('span', {}, said),
    );
    const dismiss = button('✕', () => this.#dismiss(missing, at), {
      class: 'plain',
      'aria-label': words.notNeeded(said),
      'aria-describedby': described,
      'data-focus': `dismiss-${at}`,
    });
    if (at === 0) hinted(dismiss, 'dismiss_missing');
    const item = el('li', {}, what, this.#insert(said, described, at), dismiss, below);
    item.addEventListener('focusin', ({ target }) => {
      if (target instanceof Element && target.matches(':focus-visible')) this.#look(at);
    });
    return item;
  }

  #insert(said: string, described: string | null, at: number): HTMLElement {
    const { insert } = CATALOGUES[this.#stage.language];
    const made = button(insert, () => this.insert(at), {
      'aria-describedby': described,
      'data-focus': `insert-${at}`,
    });
    made.append(el('span', { class: 'heard' }, ` ${said}`));
    return labelled(made, 'insert_missing', INSERT[at]);
  }

  /** Whoever turned one down with the keyboard stands on the next. */
  #dismiss(missing: Missing, at: number): void {
    this.#stage.act({ kind: 'missing_dismissed', missing });
    const left = this.#list.querySelectorAll<HTMLElement>('.plain');
    (left[at] ?? left[at - 1] ?? this.root.parentElement)?.focus();
  }

  #look(at: number | null): void {
    this.#looked = at;
    for (const [number, item] of [...this.#list.children].entries()) {
      const below = item.querySelector('blockquote');
      if (below !== null) below.hidden = number !== at;
      const what = item.querySelector('.what');
      if (what !== null) set(what, 'aria-expanded', number === at ? 'true' : 'false');
    }
  }
}
