// Draws what the pane knows of a call.
//
// In: a `State`. Out: elements below one root, and what the person does as `Action`s. Every text goes in as text, never
// as markup. Promised: a text field that a person may be in is never replaced, and nothing is drawn anew that has not
// changed. The head, the boxes, the fields, the transcript and the foot are each drawn by a file of their own.
// Not done here: no deciding, no clock, no network.

import { CATALOGUES, type Language } from './catalogue';
import { draw, el, set } from './dom';
import { FootView } from './foot-view';
import { HeadView } from './head-view';
import type { More } from './load-more';
import { Messages } from './messages';
import { MissingView } from './missing-view';
import { visible } from './plain';
import { hasFields } from './questions';
import { SectionView } from './section-view';
import type { Choice, Event, Shown, State } from './state';
import * as time from './time';
import { TranscriptView } from './transcript-view';
import type { Suppressed } from './wire';

type Passed =
  | 'typed'
  | 'undone'
  | 'redone'
  | 'draft_restored'
  | 'offer_answered'
  | 'elsewhere_answered'
  | 'amend_began'
  | 'evidence_asked'
  | 'evidence_closed'
  | 'confirmed'
  | 'missing_inserted'
  | 'missing_dismissed'
  | 'transcript_turned'
  | 'pause_asked'
  | 'objection_asked'
  | 'objection_withdrawn';

export type Action =
  | Extract<Event, { readonly kind: Passed }>
  | { readonly kind: 'save' }
  | { readonly kind: 'again'; readonly area: string; readonly wish: string }
  | { readonly kind: 'areas_asked' }
  | { readonly kind: 'copy' }
  | { readonly kind: 'suppressed_asked' }
  | { readonly kind: 'versions_asked' }
  | { readonly kind: 'help_asked' }
  | { readonly kind: 'discard' };

/** What the fields, boxes and lines below need to speak and to be heard. */
export interface Stage {
  readonly language: Language;
  readonly more: More;
  readonly act: (action: Action) => void;
}

export class View {
  readonly root: HTMLElement;
  readonly foot: FootView;
  readonly missing: MissingView;
  readonly #stage: Stage;
  readonly #head: HeadView;
  readonly #messages: Messages;
  readonly #sections = el('div', { class: 'sections' });
  readonly #note = el('div', { class: 'saved' });
  readonly #texts: HTMLElement;
  readonly #transcript: TranscriptView;
  readonly #body: HTMLElement;
  readonly #unavailable = el('div', { class: 'unavailable' });
  #fields = new Map<string, SectionView>();
  #wide = false;
  #reading = false;
  /** The section where the caret was last. */
  #caret: string | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#head = new HeadView(stage.language);
    this.#messages = new Messages(stage);
    this.#transcript = new TranscriptView(stage, () => this.focusText());
    this.missing = new MissingView(stage, (section) => this.#fields.get(section)?.focusEnd());
    this.#sections.addEventListener('focusin', ({ target }) => {
      const section = target instanceof HTMLElement ? target.getAttribute('data-section') : null;
      if (section !== null) this.missing.caret = this.#caret = section;
    });
    this.#texts = el(
      'div',
      { class: 'texts', tabindex: -1 },
      this.#messages.root,
      this.#sections,
      this.missing.root,
      this.#note,
    );
    this.#body = el('div', { class: 'body' }, this.#texts, this.#transcript.root);
    this.foot = new FootView(stage, () => this.focusText());
    this.root = el(
      'main',
      { class: 'pane', 'aria-label': 'Referent', lang: stage.language },
      this.#head.root,
      this.#unavailable,
      this.#body,
      this.foot.root,
    );
  }

  /** Whether there is room for the transcript beside the text. */
  set wide(wide: boolean) {
    this.#wide = wide;
  }

  draw(state: State): void {
    const shown = state.kind === 'shown' ? state : null;
    this.#head.root.hidden = this.#body.hidden = this.foot.root.hidden = shown === null;
    this.#unavailable.hidden = state.kind !== 'unavailable';
    if (state.kind === 'unavailable') {
      const [what, todo] = CATALOGUES[this.#stage.language].unavailable[state.problem];
      draw(this.#unavailable, [state.problem], () => [
        el('div', { class: 'box warn', role: 'status' }, el('strong', {}, what), todo),
      ]);
    }
    if (shown === null) return;
    const fields = hasFields(shown);
    set(this.root, 'data-life', fields ? 'writing' : shown.mode === 'reading' ? 'reading' : 'listening');
    this.#head.draw(shown);
    this.#messages.draw(shown);
    this.#drawSections(shown, fields);
    this.missing.draw(shown);
    this.#drawNote(shown);
    this.#transcript.draw(shown, this.#wide, this.#body);
    this.foot.draw(shown);
  }

  /** After the browser has laid out: the numbers in the margins go beside their sentences. */
  arrange(): void {
    for (const field of this.#fields.values()) field.arrange();
  }

  set suppressed(texts: readonly Suppressed[] | null) {
    this.#transcript.suppressed = texts;
  }

  // ---- where the keyboard goes ---------------------------------------------------------------------------------------

  /** To the section where it was last. */
  focusText(): void {
    this.#field?.focus();
  }

  focusAt([section, caret]: readonly [string, number]): void {
    this.#fields.get(section)?.focusAt(caret);
  }

  focusKeepCall(): void {
    this.#messages.root.querySelector<HTMLElement>('[data-focus="keep"]')?.focus();
  }

  turnTranscript(): void {
    this.#stage.act({ kind: 'transcript_turned', open: !this.#transcript.isOpen });
    this.#transcript.focus();
  }

  search(): void {
    if (!this.#transcript.isOpen) this.#stage.act({ kind: 'transcript_turned', open: true });
    void this.#transcript.search();
  }

  /** Answers what is offered beside the section of the caret, or else what is offered first. */
  answer(choice: Choice): void {
    const fields = [...this.#fields.values()];
    const asking = this.#field?.isAsking === true ? this.#field : fields.find((field) => field.isAsking);
    asking?.answer(choice);
  }

  /** What the sentence at the caret rests on. */
  evidence(): void {
    this.#field?.evidence();
  }

  confirm(): void {
    this.#field?.confirm();
  }

  restore(): void {
    if (this.#caret !== null) this.#stage.act({ kind: 'draft_restored', section: this.#caret });
  }

  /** To the next number that says that there is something to look at, and round again. */
  nextDoubt(): void {
    const all = [...this.#sections.querySelectorAll<HTMLElement>('.number.doubtful, .number.asking')];
    const root = this.root.getRootNode() as Document | ShadowRoot;
    const here = root.activeElement;
    const after = all.findIndex(
      (one) =>
        here !== null && one !== here && (here.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) > 0,
    );
    const next = all[after] ?? all[0];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  }

  get #field(): SectionView | undefined {
    return this.#fields.get(this.#caret ?? '') ?? this.#fields.values().next().value;
  }

  // ---- what stands there ---------------------------------------------------------------------------------------------

  #drawSections(state: Shown, fields: boolean): void {
    this.#sections.hidden = !fields;
    const ids = state.sections.map(({ id }) => id);
    if (ids.join() !== [...this.#fields.keys()].join()) {
      const before = this.#fields;
      this.#fields = new Map(ids.map((id) => [id, before.get(id) ?? new SectionView(id, this.#stage)]));
      // What is moved in the document loses the keyboard, though its caret stays where it was.
      const { activeElement } = this.#sections.getRootNode() as Document | ShadowRoot;
      const writing =
        activeElement instanceof HTMLElement && this.#sections.contains(activeElement) ? activeElement : null;
      this.#sections.replaceChildren(...[...this.#fields.values()].map(({ root }) => root));
      if (writing?.isConnected) writing.focus();
      else if (writing !== null) this.focusText();
    }
    for (const section of state.sections) this.#fields.get(section.id)?.draw(state, section);
  }

  #drawNote(state: Shown): void {
    const { note } = state;
    const reading = state.mode === 'reading' && note !== null;
    this.#note.hidden = !reading;
    if (reading) {
      const { language } = this.#stage;
      const at = time.clock(note.savedMs, state.summary.offsetS);
      draw(this.#note, [note, at], () => [
        el('h2', {}, CATALOGUES[language].note, el('span', {}, at)),
        el(
          'div',
          { class: 'note' },
          ...state.sections
            .filter(({ id }) => (note.sections[id] ?? '').trim() !== '')
            .flatMap(({ id, heading }) => [
              el('h3', {}, visible(heading)),
              el('p', {}, visible(note.sections[id] ?? '')),
            ]),
        ),
      ]);
    }
    // Who saved with the keyboard finds the next thing to do under the same fingers.
    if (reading && !this.#reading && this.#hasFocus()) this.foot.focusAmend();
    this.#reading = reading;
  }

  #hasFocus(): boolean {
    const root = this.root.getRootNode() as Document | ShadowRoot;
    return root.activeElement !== null && this.root.contains(root.activeElement);
  }
}
