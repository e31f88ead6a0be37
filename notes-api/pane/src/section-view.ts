// One section of a note: a text field that grows, numbers in its margin, and what is offered below.
//
// In: a `Section` and the draft. Out: elements, and what the person does. Promised: the text field is one element for
// as long as the section is shown, and its text is set only where the state differs from it, caret and all.
//
// Behind the text field lies the same text once more, invisible: it gives the field its height, marks the sentence
// whose evidence is looked at and the words that are doubted, and tells where a sentence begins, so that its number can
// stand beside it. Characters that show nothing are framed there, and named below.

import { CATALOGUES } from './catalogue';
import { doubts, isConfirmed } from './checks';
import { button, type Child, draw, el, say, set } from './dom';
import { places } from './evidence';
import { doubtAbout, evidence, looked } from './evidence-view';
import { hinted } from './hint';
import { type Found, marked } from './mirror';
import { oddOf, visible, withoutOdd } from './plain';
import { canRestore, offer, sentencesOf } from './questions';
import type { Choice, Section, Shown } from './state';
import type { Stage } from './view';
import type { Sentence } from './wire';

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
  #found: readonly Found[] = [];
  #open: Found | null = null;
  #asks: 'offer_answered' | 'elsewhere_answered' | null = null;

  constructor(id: string, stage: Stage) {
    this.#id = id;
    this.#stage = stage;
    this.#area = el('textarea', { id: `text-${id}`, rows: 1, spellcheck: true, dir: 'auto', 'data-section': id });
    this.#area.addEventListener('input', () => {
      stage.act({ kind: 'typed', section: id, text: this.#area.value, at: Date.now() });
    });
    // The browser knows only what was typed into this field; its menu undoes as the keys do.
    this.#area.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'historyUndo' && event.inputType !== 'historyRedo') return;
      event.preventDefault();
      stage.act({ kind: event.inputType === 'historyUndo' ? 'undone' : 'redone' });
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
    this.focusAt(this.#area.value.length);
  }

  focusAt(caret: number): void {
    this.#area.focus();
    this.#area.setSelectionRange(caret, caret);
  }

  /** Whether something is offered beside the text. */
  get isAsking(): boolean {
    return this.#asks !== null;
  }

  answer(choice: Choice): void {
    if (this.#asks === null) return;
    this.#stage.act({ kind: this.#asks, section: this.#id, choice });
    this.focus();
  }

  /** Shows, or puts away, what the sentence at the caret rests on. */
  evidence(): void {
    const caret = this.#area.selectionStart;
    const found = this.#found.find(({ start, end }) => start <= caret && caret <= end) ?? this.#open;
    const index = found?.sentence.index;
    if (index !== undefined) this.#stage.act({ kind: 'evidence_asked', section: this.#id, index });
  }

  /** The sentence that is looked at, or else the one at the caret, is right. */
  confirm(): void {
    const caret = this.#area.selectionStart;
    const found = this.#open ?? this.#found.find(({ start, end }) => start <= caret && caret <= end);
    if (found === undefined || found.sentence.confirm === null) return;
    this.#stage.act({ kind: 'confirmed', text: found.sentence.text, right: !found.isConfirmed });
  }

  draw(state: Shown, section: Section): void {
    const { language } = this.#stage;
    say(this.#label, visible(section.heading));
    // A text field knows only one kind of line break.
    const text = section.text.replace(/\r\n?/g, '\n');
    if (this.#area.value !== text) this.#put(text);
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
    this.#found = found;
    this.#open = found.find(({ sentence }) => sentence.index === open) ?? null;
    this.#drawBelow(state, section, this.#open);
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
    this.#asks = section.elsewhere !== null ? 'elsewhere_answered' : more.length > 0 ? 'offer_answered' : null;
    const odd = oddOf(section.text);
    const mine = section.elsewhere === null ? null : section.text;
    const restore = canRestore(state, section);
    draw(this.#below, [known, more, section.elsewhere, mine, odd, restore], () => [
      known !== null && evidence(this.#stage, known, () => this.#close()),
      odd.length > 0 && this.#odd(odd),
      section.elsewhere !== null && this.#elsewhere(section.text, section.elsewhere.text),
      more.length > 0 && this.#offer(more),
      restore && this.#restore(),
    ]);
  }

  #close(): void {
    const to = this.#closeTo;
    this.#stage.act({ kind: 'evidence_closed' });
    this.#margin.querySelector<HTMLElement>(`[data-focus="${to}"]`)?.focus();
  }

  #restore(): Child {
    const act = (): void => {
      this.#stage.act({ kind: 'draft_restored', section: this.#id });
      this.focus();
    };
    const label = CATALOGUES[this.#stage.language].restore;
    return hinted(button(label, act, { class: 'plain restore', 'data-focus': 'restore' }), 'restore');
  }

  /** Names the characters that show nothing; only a person takes them away. */
  #odd(odd: readonly string[]): Child {
    const words = CATALOGUES[this.#stage.language];
    const remove = (): void => {
      const { value } = this.#area;
      this.#stage.act({ kind: 'typed', section: this.#id, text: withoutOdd(value), at: Date.now() });
      this.focus();
    };
    return box(
      'odd',
      words.hiddenCharacters(odd.join(' ')),
      [],
      [button(words.removeHidden, remove, { 'data-focus': 'odd' })],
    );
  }

  #offer(more: readonly string[]): Child {
    const words = CATALOGUES[this.#stage.language];
    return box(
      'offer',
      words.offer,
      [el('p', { class: 'text' }, visible(more.join(' ')))],
      [
        this.#choice('insert', words.insert),
        this.#choice('replace', words.replace),
        this.#choice('keep', words.dismiss, 'plain'),
      ],
    );
  }

  /** Both texts side by side, where there is room, with what differs marked word by word. */
  #elsewhere(mine: string, theirs: string): Child {
    const words = CATALOGUES[this.#stage.language];
    const isEmptied = theirs.trim() === '';
    const inside = isEmptied
      ? [el('p', { class: 'text' }, words.emptied)]
      : [el('div', { class: 'both' }, this.#one(words.mine, mine, theirs), this.#one(words.theirs, theirs, mine))];
    return box('elsewhere', words.otherVersion, inside, [
      this.#choice('keep', words.keepMine),
      this.#choice('replace', words.takeTheirs),
      !isEmptied && this.#choice('insert', words.takeBoth),
    ]);
  }

  /** One of two texts under its name; what differs is marked as soon as that can be told. */
  #one(name: string, text: string, other: string): HTMLElement {
    const inside = el('p', { class: 'text' }, visible(text));
    void this.#stage.more.get().then((more) => more !== null && inside.replaceChildren(...more.marked(text, other)));
    return el('figure', {}, el('figcaption', {}, name), inside);
  }

  #choice(choice: Choice, label: string, kind: string | null = null): HTMLElement {
    return hinted(
      button(label, () => this.answer(choice), { class: kind, 'data-focus': choice }),
      choice,
    );
  }
}

const box = (kind: string, title: string, inside: readonly Child[], buttons: readonly Child[]): HTMLElement =>
  el(
    'div',
    { class: `box warn ${kind}`, role: 'group', 'aria-label': title },
    el('div', {}, el('strong', {}, title), ...inside, el('div', {}, ...buttons)),
  );
