// One section of a note: a text field that grows, numbers in its margin, and what is offered below.
//
// In: a `Section` and the draft. Out: elements, and what the person does. Promised: the text field is one element for
// as long as the section is shown, and its text is set only where the state differs from it, caret and all.
//
// Behind the text field lies the same text once more, invisible: it gives the field its height, marks the sentence
// whose evidence is looked at and the words that are doubted, and tells where a sentence begins, so that its number can
// stand beside it.

import { CATALOGUES } from './catalogue';
import { type Doubt, doubts, isConfirmed } from './checks';
import { button, type Child, draw, el, set } from './dom';
import { type Place, places } from './evidence';
import { doubtAbout, evidence, looked } from './evidence-view';
import { offer, sentencesOf } from './questions';
import type { Section, Shown } from './state';
import type { Stage } from './view';
import type { Sentence } from './wire';

/** Height of a number in the margin, and the least distance of two. */
const NUMBER_PX = 24;

/** A sentence that stands in the text, and what is to be looked at. */
interface Found extends Place {
  readonly doubts: readonly Doubt[];
  readonly isConfirmed: boolean;
}

export class SectionView {
  readonly root: HTMLElement;
  readonly #id: string;
  readonly #stage: Stage;
  readonly #label: HTMLLabelElement;
  readonly #area: HTMLTextAreaElement;
  readonly #mirror = el('div', { class: 'mirror', 'aria-hidden': true });
  readonly #margin = el('div', { class: 'margin' });
  readonly #field: HTMLElement;
  readonly #ghost: HTMLElement;
  readonly #below = el('div', { class: 'below' });
  #closeTo: string | null = null;

  constructor(id: string, stage: Stage) {
    this.#id = id;
    this.#stage = stage;
    this.#area = el('textarea', { id: `text-${id}`, rows: 1, spellcheck: true, 'data-section': id });
    this.#area.addEventListener('input', () => {
      stage.act({ kind: 'typed', section: id, text: this.#area.value });
    });
    this.#label = el('label', { for: `text-${id}` });
    this.#ghost = el('div', { class: 'ghost', 'aria-hidden': true }, el('i'), el('i'));
    this.#field = el('div', { class: 'field' }, this.#mirror, this.#ghost, this.#area, this.#margin);
    this.#below.id = `below-${id}`;
    this.root = el('div', { class: 'section' }, el('h2', {}, this.#label), this.#field, this.#below);
    this.root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.#closeTo === null) return;
      event.stopPropagation();
      this.#close();
    });
  }

  focus(): void {
    this.#area.focus();
  }

  /** With the caret behind the last word. */
  focusEnd(): void {
    this.#area.focus();
    this.#area.setSelectionRange(this.#area.value.length, this.#area.value.length);
  }

  draw(state: Shown, section: Section): void {
    const { language } = this.#stage;
    if (this.#label.textContent !== section.heading) this.#label.textContent = section.heading;
    if (this.#area.value !== section.text) this.#put(section.text);
    set(this.#area, 'placeholder', state.draft?.state === 'streaming' ? null : CATALOGUES[language].writeHere);
    this.#ghost.hidden = state.draft?.state !== 'streaming' || section.text !== '';
    const sentences = sentencesOf(state, section.id);
    const found = places(section.text, sentences).map((place) => ({
      ...place,
      doubts: doubts(section.text, place),
      isConfirmed: isConfirmed(state, place.sentence),
    }));
    const open = state.evidence?.section === section.id ? state.evidence.index : null;
    draw(this.#mirror, [section.text, found, open], () => marked(section.text, found, open));
    draw(this.#margin, [found, open], () => found.map((one) => this.#number(one, sentences, open)));
    this.#drawBelow(state, section, found.find(({ sentence }) => sentence.index === open) ?? null);
  }

  /** Puts each number beside the line on which its sentence begins; numbers of one line stand below each other. */
  arrange(): void {
    if (!this.#field.isConnected) return;
    const top = this.#field.getBoundingClientRect().top;
    let free = 4;
    for (const number of this.#margin.children) {
      const span = this.#mirror.querySelector(`[data-index="${number.getAttribute('data-index')}"]`);
      const line = span?.getClientRects()[0];
      if (line === undefined || !(number instanceof HTMLElement)) continue;
      const at = Math.max(free, Math.round(line.top - top + (line.height - NUMBER_PX) / 2));
      number.style.top = `${at}px`;
      free = at + NUMBER_PX;
    }
    this.#field.style.minHeight = this.#margin.childElementCount === 0 ? '' : `${free + 4}px`;
  }

  /** New text under a caret: the caret stays where it was, counted from the nearer end. */
  #put(text: string): void {
    const { selectionStart: start, selectionEnd: end } = this.#area;
    const root = this.#area.getRootNode() as Document | ShadowRoot;
    const inside = root.activeElement === this.#area;
    this.#area.value = text;
    if (inside) this.#area.setSelectionRange(Math.min(start, text.length), Math.min(end, text.length));
  }

  #number({ sentence, doubts, isConfirmed }: Found, all: readonly Sentence[], open: number | null): Child {
    const words = CATALOGUES[this.#stage.language];
    const count = sentence.evidence.length;
    const { confirm } = sentence;
    const toConfirm = confirm !== null && !isConfirmed;
    const sign = `${doubts.length > 0 ? '!' : ''}${toConfirm ? '✓?' : ''}`;
    const said = [
      words.evidenceOf(all.indexOf(sentence) + 1, count),
      confirm !== null && (isConfirmed ? words.confirmed : words.confirm)[confirm],
      ...doubts.map(({ flag }) => doubtAbout(flag, sentence, words)),
    ].filter((part) => part !== false);
    const made = button(
      sign !== '' ? sign : `${confirm !== null ? '✓' : ''}${count}`,
      () => this.#stage.act({ kind: 'evidence_asked', section: this.#id, index: sentence.index }),
      {
        class: `number${doubts.length > 0 || count === 0 ? ' doubtful' : toConfirm ? ' asking' : ''}`,
        'data-index': sentence.index,
        'data-focus': `number-${sentence.index}`,
        'aria-label': said.join('. '),
        'aria-expanded': sentence.index === open ? 'true' : 'false',
        'aria-controls': `below-${this.#id}`,
      },
    );
    const point = (on: boolean): void => {
      this.#mirror.querySelector(`[data-index="${sentence.index}"]`)?.classList.toggle('pointed', on);
    };
    for (const kind of ['focus', 'pointerenter']) made.addEventListener(kind, () => point(true));
    for (const kind of ['blur', 'pointerleave']) made.addEventListener(kind, () => point(false));
    return made;
  }

  #drawBelow(state: Shown, section: Section, open: Found | null): void {
    const flags = open?.doubts.map(({ flag }) => flag) ?? [];
    const known = open === null ? null : looked(state, open.sentence, flags);
    const more = section.elsewhere === null ? offer(state, section) : [];
    this.#closeTo = open === null ? null : `number-${open.sentence.index}`;
    draw(this.#below, [known, more, section.elsewhere], () => [
      known !== null && evidence(this.#stage, known, () => this.#close()),
      section.elsewhere !== null && this.#elsewhere(section.elsewhere.text),
      more.length > 0 && this.#offer(more),
    ]);
  }

  #close(): void {
    const to = this.#closeTo;
    this.#stage.act({ kind: 'evidence_closed' });
    this.#margin.querySelector<HTMLElement>(`[data-focus="${to}"]`)?.focus();
  }

  #offer(more: readonly string[]): Child {
    const words = CATALOGUES[this.#stage.language];
    const answer = (choice: 'insert' | 'replace' | 'keep') => (): void => {
      this.#stage.act({ kind: 'offer_answered', section: this.#id, choice });
      this.focus();
    };
    return el(
      'div',
      { class: 'box warn offer', role: 'group', 'aria-label': words.offer },
      el(
        'div',
        {},
        el('strong', {}, words.offer),
        el('p', { class: 'text' }, more.join(' ')),
        el(
          'div',
          {},
          button(words.insert, answer('insert'), { 'data-focus': 'insert' }),
          button(words.replace, answer('replace'), { 'data-focus': 'replace' }),
          button(words.dismiss, answer('keep'), { class: 'plain', 'data-focus': 'dismiss' }),
        ),
      ),
    );
  }

  #elsewhere(theirs: string): Child {
    const words = CATALOGUES[this.#stage.language];
    const answer = (choice: 'insert' | 'replace' | 'keep') => (): void => {
      this.#stage.act({ kind: 'elsewhere_answered', section: this.#id, choice });
      this.focus();
    };
    return el(
      'div',
      { class: 'box warn elsewhere', role: 'group', 'aria-label': words.otherVersion },
      el(
        'div',
        {},
        el('strong', {}, words.otherVersion),
        el('p', { class: 'text' }, theirs.trim() === '' ? words.emptied : theirs),
        el(
          'div',
          {},
          button(words.keepMine, answer('keep'), { 'data-focus': 'mine' }),
          button(words.takeTheirs, answer('replace'), { 'data-focus': 'theirs' }),
          theirs.trim() !== '' && button(words.takeBoth, answer('insert'), { 'data-focus': 'both' }),
        ),
      ),
    );
  }
}

/** The text once more: a span for each sentence that is still there, and within it one for each stretch of doubted words. */
const marked = (text: string, found: readonly Found[], open: number | null): readonly Child[] => {
  const parts: Child[] = [];
  let from = 0;
  for (const { sentence, start, end, doubts } of found) {
    const inside: Child[] = [];
    let at = start;
    for (const doubt of [...doubts].sort((a, b) => a.start - b.start)) {
      if (doubt.end <= at) continue;
      const begin = Math.max(at, doubt.start);
      inside.push(text.slice(at, begin), el('span', { class: 'doubt' }, text.slice(begin, doubt.end)));
      at = doubt.end;
    }
    inside.push(text.slice(at, end));
    const attributes = { 'data-index': sentence.index, class: sentence.index === open ? 'looked' : null };
    parts.push(text.slice(from, start), el('span', attributes, ...inside));
    from = end;
  }
  // A last empty line has height only if something stands on it.
  return [...parts, `${text.slice(from)}\u200b`];
};
