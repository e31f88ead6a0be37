// Draws what the pane knows of a call.
//
// In: a `State`. Out: elements below one root, and what the person does as `Action`s. Every text goes in as text, never
// as markup. Promised: a text field that a person may be in is never replaced, and nothing is drawn anew that has not
// changed. The fields are drawn by section-view.ts, the transcript by transcript-view.ts, the boxes by messages.ts.
// Not done here: no deciding, no clock, no network.

import { AgainView } from './again-view';
import { CATALOGUES, type Language } from './catalogue';
import { counted } from './checks';
import { button, draw, el, say, set } from './dom';
import { mark, TONES } from './marks';
import { Messages } from './messages';
import { MissingView } from './missing-view';
import { canPause, canSave, type Headline, hasFields, headline, hungUp } from './questions';
import { SectionView } from './section-view';
import type { Event, Shown, State } from './state';

import * as time from './time';
import { TranscriptView } from './transcript-view';
import type { Suppressed } from './wire';

type Passed =
  | 'typed'
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
  | { readonly kind: 'discard' };

/** What the fields, boxes and lines below need to speak and to be heard. */
export interface Stage {
  readonly language: Language;
  readonly act: (action: Action) => void;
}

export class View {
  readonly root: HTMLElement;
  readonly #stage: Stage;
  readonly #title = el('h1');
  readonly #facts = el('p', { class: 'facts' });
  readonly #shape = el('span', { class: 'shape' });
  readonly #headline = el('strong', { role: 'status' });
  readonly #beside = el('small');
  readonly #state: HTMLElement;
  readonly #counts = el('p', { class: 'counts' });
  readonly #levels: Levels;
  readonly #head: HTMLElement;
  readonly #messages: Messages;
  readonly #sections = el('div', { class: 'sections' });
  readonly #missing: MissingView;
  readonly #note = el('div', { class: 'saved' });
  readonly #main: HTMLElement;
  readonly #transcript: TranscriptView;
  readonly #body: HTMLElement;
  readonly #unavailable = el('div', { class: 'unavailable' });
  readonly #foot: HTMLElement;
  readonly #save: HTMLButtonElement;
  readonly #saveWord = el('span');
  readonly #again: HTMLButtonElement;
  readonly #asking: AgainView;
  readonly #amend: HTMLButtonElement;
  readonly #copy: HTMLButtonElement;
  readonly #pause: HTMLButtonElement;
  readonly #objects: HTMLButtonElement;
  readonly #left = el('span');
  readonly #right = el('span');
  #fields = new Map<string, SectionView>();
  #paused = false;
  #wide = false;
  #reading = false;

  constructor(stage: Stage) {
    this.#stage = stage;
    const words = CATALOGUES[stage.language];
    const { act } = stage;
    this.#levels = new Levels(stage.language);
    this.#messages = new Messages(stage);
    this.#transcript = new TranscriptView(stage);
    this.#state = el('div', { class: 'state' }, this.#shape, this.#headline, this.#beside);
    this.#head = el('header', {}, this.#title, this.#facts, this.#state, this.#counts, this.#levels.root);
    this.#missing = new MissingView(stage, (section) => this.#fields.get(section)?.focusEnd());
    this.#sections.addEventListener('focusin', ({ target }) => {
      const section = target instanceof HTMLElement ? target.getAttribute('data-section') : null;
      if (section !== null) this.#missing.caret = section;
    });
    this.#main = el('main', { tabindex: -1 }, this.#messages.root, this.#sections, this.#missing.root, this.#note);
    this.#body = el('div', { class: 'body' }, this.#main, this.#transcript.root);
    const mac = /Mac/.test(navigator.platform);
    this.#save = button('', () => act({ kind: 'save' }), { class: 'main' });
    this.#save.append(this.#saveWord, el('kbd', {}, words.saveKey(mac)));
    set(this.#save, 'aria-keyshortcuts', mac ? 'Meta+Enter' : 'Control+Enter');
    this.#asking = new AgainView(stage, (asked) => (asked ? this.focusText() : this.#again.focus()));
    this.#again = button(words.again, () => this.#asking.open());
    this.#amend = button(words.amend, () => act({ kind: 'amend_began' }));
    this.#copy = button(words.copy, () => act({ kind: 'copy' }), { class: 'plain' });
    this.#pause = button('', () => act({ kind: 'pause_asked', pause: !this.#paused }));
    this.#objects = button(words.objects, () => act({ kind: 'objection_asked' }), { class: 'plain' });
    const small = el('small', {}, this.#left, this.#right);
    const buttons = [this.#save, this.#amend, this.#again, this.#pause, this.#copy, this.#objects];
    this.#foot = el('footer', {}, this.#asking.root, ...buttons, small);
    this.root = el(
      'section',
      { class: 'pane', 'aria-label': 'Referent', lang: stage.language },
      this.#head,
      this.#unavailable,
      this.#body,
      this.#foot,
    );
  }

  /** Whether there is room for the transcript beside the text. */
  set wide(wide: boolean) {
    this.#wide = wide;
  }

  draw(state: State): void {
    const shown = state.kind === 'shown' ? state : null;
    this.#head.hidden = this.#body.hidden = this.#foot.hidden = shown === null;
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
    this.#drawHead(shown);
    this.#messages.draw(shown);
    this.#drawSections(shown, fields);
    this.#missing.draw(shown);
    this.#drawNote(shown);
    this.#transcript.draw(shown, this.#wide, this.#body);
    this.#drawFoot(shown);
  }

  /** After the browser has laid out: the numbers in the margins go beside their sentences. */
  arrange(): void {
    for (const field of this.#fields.values()) field.arrange();
  }

  copied(): void {
    say(this.#left, CATALOGUES[this.#stage.language].copied);
  }

  set suppressed(texts: readonly Suppressed[] | null) {
    this.#transcript.suppressed = texts;
  }

  /** Which areas another draft may be asked for under. */
  set areas(names: readonly string[]) {
    this.#asking.areas = names;
  }

  /** Puts in what may be missing, by its number; false if there is no such. */
  insertMissing(at: number): boolean {
    return this.#missing.insert(at);
  }

  focusText(): void {
    this.#fields.values().next().value?.focus();
  }

  #drawHead(state: Shown): void {
    const { language } = this.#stage;
    const first = headline(state);
    const tone = TONES[first];
    say(this.#title, title(state, language));
    say(this.#facts, facts(state, language));
    set(this.#state, 'data-tone', tone);
    draw(this.#shape, tone, () => [mark(tone)]);
    say(this.#headline, CATALOGUES[language].headline[first]);
    say(this.#beside, beside(state, first, language));
    const count = counts(state, language);
    this.#counts.hidden = count === '';
    say(this.#counts, count);
    this.#levels.draw(state);
  }

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
            .flatMap(({ id, heading }) => [el('h3', {}, heading), el('p', {}, note.sections[id] ?? '')]),
        ),
      ]);
    }
    // Who saved with the keyboard finds the next thing to do under the same fingers.
    if (reading && !this.#reading && this.#hasFocus()) this.#amend.focus();
    this.#reading = reading;
  }

  #hasFocus(): boolean {
    const root = this.root.getRootNode() as Document | ShadowRoot;
    return root.activeElement !== null && this.root.contains(root.activeElement);
  }

  #drawFoot(state: Shown): void {
    const words = CATALOGUES[this.#stage.language];
    const ended = hungUp(state.summary) && state.summary.state !== 'discarded';
    const reading = state.mode === 'reading';
    this.#amend.hidden = !reading || !ended;
    this.#copy.hidden = this.#amend.hidden;
    this.#save.hidden = reading || !ended;
    this.#again.hidden = reading || !ended || !isDone(state);
    if (this.#again.hidden) this.#asking.close();
    set(this.#save, 'aria-disabled', canSave(state) ? null : 'true');
    this.#paused = state.agent?.state === 'paused';
    this.#pause.hidden = !canPause(state);
    const waits = state.asked === 'pause' || state.asked === 'resume';
    set(this.#pause, 'aria-disabled', waits ? 'true' : null);
    say(this.#pause, waits ? words.asking : this.#paused ? words.resume : words.pause);
    this.#objects.hidden = state.summary.state === 'discarded' || state.asked === 'discard';
    say(this.#saveWord, state.saving.kind === 'sending' ? words.saving : words.save);
    say(this.#left, stored(state, this.#stage.language));
    say(this.#right, correction(state, this.#stage.language));
  }
}

/** The loudness of both tracks, while somebody listens. */
class Levels {
  readonly root = el('div', { class: 'levels' });
  readonly #bars: readonly { readonly outer: HTMLElement; readonly inner: HTMLElement }[];

  constructor(language: Language) {
    const words = CATALOGUES[language];
    this.#bars = [words.microphone, words.citizen].map((who) => {
      const inner = el('i');
      const attributes = { class: 'bar', role: 'meter', 'aria-label': words.level(who), 'aria-valuemax': 100 };
      const outer = el('span', { ...attributes, 'aria-valuemin': 0 }, inner);
      this.root.append(el('span', {}, who), outer);
      return { outer, inner };
    });
  }

  draw({ agent }: Shown): void {
    this.root.hidden = agent === null;
    if (agent === null) return;
    for (const [index, level] of [agent.nearLevel, agent.farLevel].entries()) {
      const percent = loudness(level);
      const bar = this.#bars[index];
      if (bar === undefined) continue;
      set(bar.outer, 'aria-valuenow', percent);
      bar.inner.style.width = `${percent}%`;
    }
  }
}

/** Peaks are heard by their ratios: 1000 is full, a thousandth (60 dB less) is nothing. */
export const loudness = (permille: number): number =>
  permille <= 1 ? 0 : Math.round(Math.min(100, (Math.log10(permille) / 3) * 100));

const isDone = (state: Shown): boolean => state.draft?.state === 'ready' || state.draft?.state === 'failed';

const title = ({ summary }: Shown, language: Language): string => {
  const area = summary.area.charAt(0).toUpperCase() + summary.area.slice(1);
  return summary.caseId === null ? area : `${area} · ${CATALOGUES[language].caseNumber(summary.caseId)}`;
};

const facts = (state: Shown, language: Language): string => {
  const words = CATALOGUES[language];
  const { summary, draft } = state;
  if (!hungUp(summary)) {
    return `${words.direction[summary.direction]} · ${time.intoCall(state.now - summary.startedMs)}`;
  }
  const ended = summary.endedMs ?? summary.startedMs + (summary.durationMs ?? 0);
  const whole = draft?.state === 'ready' ? draft.wholeMs : null;
  return [
    words.callEnded(time.clock(ended, summary.offsetS)),
    summary.durationMs === null ? null : time.intoCall(summary.durationMs),
    whole === null ? null : words.draftAfter(time.seconds(whole, words.decimalMark)),
  ]
    .filter((part) => part !== null)
    .join(' · ');
};

/** What is to be looked at, below the state. */
const counts = (state: Shown, language: Language): string => {
  const words = CATALOGUES[language];
  const count = counted(state);
  if (count === null) return '';
  return [
    count.doubts > 0 && words.doubts(count.doubts),
    count.toConfirm > 0 && words.toConfirm(count.toConfirm),
    count.missing > 0 && words.maybeMissing(count.missing),
  ]
    .filter((part) => part !== false)
    .join(' · ');
};

/** What stands small beside the state. */
const beside = (state: Shown, first: Headline, language: Language): string => {
  const words = CATALOGUES[language];
  const { summary, draft, note, agent } = state;
  switch (first) {
    case 'drafting':
    case 'transcribing': {
      const since = state.hungUpAt ?? summary.endedMs;
      return since === null ? '' : `${time.seconds(state.now - since, words.decimalMark)} s`;
    }
    case 'text_behind':
      return summary.reason === null || !/^[1-9]\d*$/.test(summary.reason) ? '' : words.behind(summary.reason);
    case 'draft_ready':
      if (draft?.provisional === true) return words.provisional;
      return draft?.origin?.kind === 'embedded' ? words.withoutModel : '';
    case 'saved':
    case 'amending':
      return note === null ? '' : words.version(note.version);
    default:
      return agent === null || agent.state !== first || state.agentSince === null || first === 'listening'
        ? ''
        : words.since(time.intoCall(state.agentSince - summary.startedMs));
  }
};

/** Whether what was typed is safe. */
const stored = (state: Shown, language: Language): string => {
  const words = CATALOGUES[language];
  if (!hasFields(state)) return hungUp(state.summary) ? '' : words.soundIsErased;
  if (state.edit.phase === 'sending') return words.storing;
  if (state.edit.phase === 'failed') return words.notStored;
  return state.edit.storedAt === null
    ? words.savesByItself
    : words.savedByItself(time.clockSeconds(state.edit.storedAt, state.summary.offsetS));
};

const correction = (state: Shown, language: Language): string =>
  state.shown === null || state.note !== null || state.draft?.state !== 'ready'
    ? ''
    : CATALOGUES[language].correctionTime(time.length(state.now - state.shown.at));
