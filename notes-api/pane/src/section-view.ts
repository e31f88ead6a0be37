// One section of a note: a text field that grows, numbers in its margin, and what is offered below.
//
// In: a `Section` and the draft. Out: elements, and what the person does. Promised: the text field is one element for
// as long as the section is shown, and its text is set only where the state differs from it, caret and all.
//
// Behind the text field lies the same text once more, invisible: it gives the field its height, marks the sentence
// whose evidence is looked at, and tells where a sentence begins, so that its number can stand beside it.

import { CATALOGUES } from './catalogue';
import { button, type Child, draw, el, set } from './dom';
import { type Place, places } from './evidence';
import { offer, sentencesOf } from './questions';
import type { Section, Shown } from './state';
import * as time from './time';
import type { Stage } from './view';
import type { Sentence, Utterance } from './wire';

/** Height of a number in the margin, and the least distance of two. */
const NUMBER_PX = 24;

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

  draw(state: Shown, section: Section): void {
    const { language } = this.#stage;
    if (this.#label.textContent !== section.heading) this.#label.textContent = section.heading;
    if (this.#area.value !== section.text) this.#put(section.text);
    set(this.#area, 'placeholder', state.draft?.state === 'streaming' ? null : CATALOGUES[language].writeHere);
    this.#ghost.hidden = state.draft?.state !== 'streaming' || section.text !== '';
    const sentences = sentencesOf(state, section.id);
    const found = places(section.text, sentences);
    const looked = state.evidence?.section === section.id ? state.evidence.index : null;
    draw(this.#mirror, [section.text, found, looked], () => this.#marked(section.text, found, looked));
    draw(this.#margin, [found, looked], () => found.map((place) => this.#number(place, sentences, looked)));
    this.#drawBelow(state, section, sentences, looked);
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

  #marked(text: string, found: readonly Place[], looked: number | null): readonly Child[] {
    const parts: Child[] = [];
    let from = 0;
    for (const { sentence, start, end } of found) {
      const doubtful = sentence.flags.length > 0 ? 'doubt' : '';
      const seen = sentence.index === looked ? 'looked' : '';
      parts.push(
        text.slice(from, start),
        el(
          'span',
          { 'data-index': sentence.index, class: `${doubtful} ${seen}`.trim() || null },
          text.slice(start, end),
        ),
      );
      from = end;
    }
    // A last empty line has height only if something stands on it.
    return [...parts, `${text.slice(from)}\u200b`];
  }

  #number({ sentence }: Place, all: readonly Sentence[], looked: number | null): Child {
    const words = CATALOGUES[this.#stage.language];
    const open = sentence.index === looked;
    const doubtful = sentence.flags.length > 0;
    const count = sentence.evidence.length;
    const doubts = sentence.flags.map((flag) => words.doubt[flag]).join(' ');
    const made = button(
      doubtful ? '!' : String(count),
      () => this.#stage.act({ kind: 'evidence_asked', section: this.#id, index: sentence.index }),
      {
        class: doubtful || count === 0 ? 'number doubtful' : 'number',
        'data-index': sentence.index,
        'data-focus': `number-${sentence.index}`,
        'aria-label': `${words.evidenceOf(all.indexOf(sentence) + 1, count)} ${doubts}`.trim(),
        'aria-expanded': open ? 'true' : 'false',
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

  #drawBelow(state: Shown, section: Section, sentences: readonly Sentence[], looked: number | null): void {
    const sentence = sentences.find(({ index }) => index === looked) ?? null;
    const evidence = sentence === null ? [] : utterancesOf(state, sentence);
    const more = section.elsewhere === null ? offer(state, section) : [];
    this.#closeTo = sentence === null ? null : `number-${sentence.index}`;
    draw(this.#below, [sentence, evidence, more, section.elsewhere], () => [
      sentence !== null && this.#evidence(sentence, evidence),
      section.elsewhere !== null && this.#elsewhere(section.elsewhere.text),
      more.length > 0 && this.#offer(more),
    ]);
  }

  #evidence(sentence: Sentence, utterances: readonly Utterance[]): Child {
    const words = CATALOGUES[this.#stage.language];
    return el(
      'div',
      { class: 'evidence', role: 'group', 'aria-label': words.evidence },
      ...sentence.flags.map((flag) => el('p', { class: 'doubts' }, words.doubt[flag])),
      utterances.length === 0 && el('p', {}, words.noEvidence),
      ...utterances.map(({ track, startMs, text }) =>
        el(
          'blockquote',
          { class: track },
          el('cite', {}, `${words.speaker[track]} ${time.intoCall(startMs)}`),
          el('span', {}, text),
        ),
      ),
      button(words.close, () => this.#close(), { class: 'plain', 'data-focus': 'close' }),
    );
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

/** The utterances that a sentence rests on, in the order of the call. */
export const utterancesOf = ({ utterances }: Pick<Shown, 'utterances'>, { evidence }: Sentence): readonly Utterance[] =>
  utterances.filter(({ track, start }) => evidence.some((one) => one.track === track && one.start === start));
