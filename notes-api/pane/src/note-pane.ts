// The element: one call, from its first word to its saved note.
//
// In: the attributes `call` (an id) and `lang` (da, en), and events from the server and the person. Out: the screen,
// and the events `note-saved`, `note-failed`, `call-changed` and `page-deed`. Everything that happens goes through
// `#happened`: state.ts says what is true then, `#followUp` what has to be sent, view.ts how it looks; writing.ts brings the
// texts to the server, keys.ts knows the keys.
//
// Promised:
//   N4  Nothing of a call is left in the browser when the page is gone (0039).
//   N5  Each deed of the table of keys is done here or told to the page.
// Not done here: no words, no deciding what a state means.

import { Api, problemOf } from './api';
import { type Asked, Asking } from './asking';
import { Attendance } from './attendance';
import { languageOf, learn } from './catalogue';
import checks from './checks.css';
import { type Deed, meant } from './keys';
import { More } from './load-more';
import css from './pane.css';
import { asText, canSave, headline, hungUp, isCorrecting, unreportedDraft } from './questions';
import { EMPTY, type Event, next, type State } from './state';
import { placeOf } from './state/history';
import textCss from './text.css';
import theme from './theme.css';
import { Unsent } from './unsent';
import { type Action, View } from './view';
import { type CallEvent, type CallSummary, callEvent } from './wire';
import { type Desk, Writing } from './writing';

/** How wide the element has to be for the transcript to stand beside the text. */
const WIDE_PX = 900;

export class NotePane extends HTMLElement {
  static readonly observedAttributes = ['call', 'lang'];

  /** Tests and hosts may put another in its place before a call is chosen. */
  api = new Api();
  /** Whether the page around does the deeds that are its own; then the help sheet tells of them. */
  isInPage = false;
  /** Asked before every save; false stops it. A host that knows what a person has to confirm first says no here. */
  maySave: (call: CallSummary) => boolean = () => true;
  readonly attendance = new Attendance(this);
  #state: State = EMPTY;
  #view: View | null = null;
  /** Of which call the view is. */
  #call: string | null = null;
  readonly #unsent = new Unsent();
  readonly #more = new More();
  #stop = new AbortController();
  #writing = new Writing(this.#desk, this.#stop.signal);
  #asking = new Asking(this.#desk, this.#stop.signal);
  #drawing = false;
  #wantsFocus = false;
  #ticker: ReturnType<typeof setInterval> | undefined;
  readonly #watch = new ResizeObserver(() => this.#resized());
  readonly #leave = (): void => this.#sendBeforeLeaving();
  readonly #warn = (event: BeforeUnloadEvent): void => {
    this.#writing.leave();
    if (this.#isOpen) event.preventDefault();
  };
  readonly #look = (): void => {
    this.#happened({ kind: 'tick', at: Date.now() });
    if (document.visibilityState === 'hidden') this.#sendBeforeLeaving();
  };
  readonly #key = (event: KeyboardEvent): void => this.press(event);

  get state(): State {
    return this.#state;
  }

  /** Whether leaving this call now would leave something undone. */
  get unfinished(): boolean {
    const state = this.#state;
    return (
      state.kind === 'shown' && state.mode === 'writing' && hungUp(state.summary) && headline(state) !== 'discarded'
    );
  }

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(theme + css + textCss + checks);
    root.adoptedStyleSheets = [sheet];
    this.#newView();
    // Danish until the words are there.
    if (this.#language !== 'da') void learn(this.#language).then(() => this.#newView());
    this.addEventListener('keydown', this.#key);
    addEventListener('pagehide', this.#leave);
    addEventListener('beforeunload', this.#warn);
    document.addEventListener('visibilitychange', this.#look);
    this.#watch.observe(this);
    this.attendance.begin();
    this.#ticker = setInterval(() => this.#tick(), 100);
    this.#begin();
  }

  disconnectedCallback(): void {
    this.#sendBeforeLeaving();
    this.#stop.abort();
    this.removeEventListener('keydown', this.#key);
    removeEventListener('pagehide', this.#leave);
    removeEventListener('beforeunload', this.#warn);
    document.removeEventListener('visibilitychange', this.#look);
    this.#watch.disconnect();
    this.attendance.end();
    clearInterval(this.#ticker);
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (!this.isConnected || this.#view === null || before === now) return;
    if (name === 'lang') void learn(this.#language).then(() => this.#newView());
    else this.#begin();
  }

  /** What the button does. */
  save(): void {
    const state = this.#state;
    if (state.kind === 'shown' && canSave(state) && this.maySave(state.summary)) void this.#writing.saveNote();
  }

  /** Sends what was typed. Ends when the server has it, or it failed: for a page that is about to log its user out. */
  async settle(): Promise<void> {
    await Promise.all([this.#writing.settle(), this.#unsent.settle(this.api, Date.now())]);
  }

  /** Asks again, with what was typed: for a host whose user has logged in again. */
  reload(): void {
    this.#begin();
  }

  /** Puts the keyboard into the text, as soon as there is one. */
  focusTextSoon(): void {
    this.#wantsFocus = true;
    this.#drawSoon();
  }

  /** A key that was pressed here, or on the page around: does what it means. */
  press(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    const [target] = event.composedPath();
    const isText = target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;
    const found = meant(event, isText);
    if (found === null) return;
    const [deed, at] = found;
    // A field that is no text of the note has an undo of its own.
    if ((deed === 'undo' || deed === 'redo') && isText && !target.hasAttribute('data-section')) return;
    event.preventDefault();
    event.stopPropagation();
    this.#deeds[deed](at);
  }

  /** What each key does. A deed that makes no sense now does nothing. */
  readonly #deeds: Readonly<Record<Deed, (at: number) => void>> = {
    save: () => this.#act({ kind: 'save' }),
    undo: () => this.#inText({ kind: 'undone' }),
    redo: () => this.#inText({ kind: 'redone' }),
    restore: () => this.#inText(() => this.#view?.restore()),
    restore_all: () => this.#inText({ kind: 'draft_restored', section: null }),
    versions: () => this.#act({ kind: 'versions_asked' }),
    amend: () => {
      const state = this.#state;
      if (state.kind === 'shown' && state.mode === 'reading') this.#act({ kind: 'amend_began' });
    },
    copy: () => this.#act({ kind: 'copy' }),
    again: () => this.#view?.foot.again(),
    insert: () => this.#inText(() => this.#view?.answer('insert')),
    replace: () => this.#inText(() => this.#view?.answer('replace')),
    keep: () => this.#inText(() => this.#view?.answer('keep')),
    next_doubt: () => this.#view?.nextDoubt(),
    evidence: () => this.#view?.evidence(),
    confirm: () => this.#view?.confirm(),
    insert_missing: (at) => this.#view?.missing.insert(at),
    dismiss_missing: () => this.#view?.missing.dismiss(),
    pause: () => this.#view?.foot.pause(),
    object: () => {
      const state = this.#state;
      if (state.kind !== 'shown' || state.asked === 'discard' || state.summary.state === 'discarded') return;
      this.#act({ kind: 'objection_asked' });
    },
    transcript: () => this.#view?.turnTranscript(),
    search: () => this.#view?.search(),
    left_out: () => this.#act({ kind: 'suppressed_asked' }),
    text: () => this.#view?.focusText(),
    // Where nothing is shown here, the page around shows it.
    help: () => (this.hidden ? this.#tell('page-deed', 'help') : this.#act({ kind: 'help_asked' })),
    unsaved: () => this.#tell('page-deed', 'unsaved'),
    calls: () => this.#tell('page-deed', 'calls'),
    new_call: () => this.#tell('page-deed', 'new_call'),
    language: () => this.#tell('page-deed', 'language'),
    // Handled where they are pressed: in the search, in what is open.
    next_hit: () => undefined,
    previous_hit: () => undefined,
    close: () => undefined,
  };

  /** Only while there is a text that may be changed. */
  #inText(what: Action | (() => void)): void {
    const state = this.#state;
    if (state.kind !== 'shown' || state.mode !== 'writing') return;
    if (typeof what === 'function') what();
    else this.#act(what);
  }

  // ---- the call ------------------------------------------------------------------------------------------------------

  #begin(): void {
    const { left } = this.#writing;
    if (left !== null && this.#state.kind === 'shown') this.#unsent.leave(this.#state.summary.id, left);
    if (isCorrecting(this.#state)) void this.attendance.send(this.api, this.#state.summary.id, { keepalive: true });
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#writing = new Writing(this.#desk, this.#stop.signal);
    this.#asking = new Asking(this.#desk, this.#stop.signal);
    if (this.#view !== null) this.#view.suppressed = null;
    const call = this.getAttribute('call');
    this.#happened({ kind: 'chosen', call });
    // Nothing that stood there of one call is taken for another's, neither words nor what somebody began to ask.
    if (call !== this.#call && this.#view !== null) this.#newView();
    this.#call = call;
    if (call !== null) void this.#load(call, this.#stop.signal);
  }

  async #load(call: string, signal: AbortSignal): Promise<void> {
    for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 8_000)) {
      try {
        const detail = await this.api.call(call);
        if (signal.aborted) return;
        this.#writing.loaded(detail.edit?.revision ?? 0);
        this.#happened({ kind: 'loaded', detail, kept: this.#unsent.take(call), at: Date.now() });
        return await this.#listen(call, detail.sequence, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#happened({ kind: 'load_failed', problem: problemOf(error) });
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  #listen(call: string, after: number, signal: AbortSignal): Promise<void> {
    return this.api.followCall(
      call,
      after,
      {
        opened: () => undefined,
        contact: (contact) => {
          if (signal.aborted) return;
          if (contact === 'fine') this.#writing.heardAgain();
          this.#happened({ kind: 'contact', contact });
        },
        message: (kind, data, sequence) => {
          const event = callEvent(kind, data);
          if (signal.aborted) return;
          if (event !== null) this.#heard(event);
          if (sequence !== null) this.#happened({ kind: 'passed', sequence });
        },
      },
      signal,
    );
  }

  #heard(event: CallEvent): void {
    this.#happened({ kind: 'tick', at: Date.now() });
    if (!this.#writing.holdsBack(event)) this.#happened(event);
  }

  // ---- what happens, and what follows --------------------------------------------------------------------------------

  #happened(event: Event): void {
    const before = this.#state;
    this.#state = next(before, event);
    if (this.#state === before) return;
    if (event.kind !== 'tick') this.#followUp(before);
    this.#drawSoon();
  }

  #followUp(before: State): void {
    const state = this.#state;
    if (state.kind !== 'shown') return;
    const draft = document.visibilityState === 'visible' ? unreportedDraft(state) : null;
    if (draft !== null) void this.#reportShown(state.summary.id, draft);
    const changed = before.kind !== 'shown' || before.summary !== state.summary || before.mode !== state.mode;
    if (changed) this.#tell('call-changed', { call: state.summary.id, summary: state.summary });
  }

  async #reportShown(call: string, number: number): Promise<void> {
    this.#happened({ kind: 'draft_shown', number, at: Date.now() });
    const { signal } = this.#stop;
    for (let wait = 500; !signal.aborted && wait < 60_000; wait *= 2) {
      try {
        return await this.api.draftShown(call, number);
      } catch {
        // The correction time begins a little late; better than never.
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** Every 100 ms: most of the time nothing is due. */
  #tick(): void {
    const now = Date.now();
    void this.#unsent.tick(this.api, now);
    const state = this.#state;
    if (state.kind !== 'shown') return;
    const first = headline(state);
    const fast = first === 'drafting' || first === 'transcribing';
    if (document.visibilityState === 'visible' && (fast || now - state.now >= 500)) {
      this.#happened({ kind: 'tick', at: now });
      if (unreportedDraft(state) !== null) this.#followUp(state);
    }
    this.#writing.tick(now);
    if (isCorrecting(state)) this.attendance.tick(this.api, state.summary.id);
    else this.attendance.forget();
  }

  /** Whether something that was typed here has not reached the server. */
  get #isOpen(): boolean {
    return this.#writing.isOpen || !this.#unsent.isEmpty;
  }

  #sendBeforeLeaving(): void {
    if (isCorrecting(this.#state)) void this.attendance.send(this.api, this.#state.summary.id, { keepalive: true });
    this.#writing.leave();
  }

  /** What writing.ts and asking.ts work on. */
  get #desk(): Desk & Asked {
    const pane = this;
    return {
      attendance: this.attendance,
      get api() {
        return pane.api;
      },
      get state() {
        return pane.#state;
      },
      happened: (event) => this.#happened(event),
      tell: (name, detail) => this.#tell(name, detail),
      more: this.#more,
      get view() {
        return pane.#view;
      },
      get root() {
        return pane.shadowRoot;
      },
      get language() {
        return pane.#language;
      },
      take: (sections) => {
        this.#happened({ kind: 'text_taken', sections });
        this.#drawNow();
        this.#view?.focusText();
      },
      drawNow: () => this.#drawNow(),
    };
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  // ---- the person ----------------------------------------------------------------------------------------------------

  readonly #act = (action: Action): void => {
    switch (action.kind) {
      case 'save':
        this.save();
        break;
      case 'again':
        void this.#asking.draftAgain(action.area, action.wish);
        break;
      case 'areas_asked':
        void this.#asking.areas();
        break;
      case 'copy':
        void this.#copy();
        break;
      case 'suppressed_asked':
        void this.#asking.suppressed();
        break;
      case 'versions_asked':
        void this.#asking.versions();
        break;
      case 'help_asked':
        void this.help();
        break;
      case 'pause_asked':
        this.#happened(action);
        void this.#asking.ask((call) => this.api.pause(call, action.pause), { kind: 'pause_failed' });
        break;
      case 'discard':
        this.#happened({ kind: 'discard_sent' });
        void this.#asking.ask((call) => this.api.discard(call), { kind: 'discard_failed' });
        break;
      case 'undone':
      case 'redone':
        this.#step(action.kind);
        break;
      case 'typed':
        this.#writing.typed(Date.now());
        this.#happened(action);
        break;
      default:
        this.#happened(action);
        this.#drawNow();
        if (action.kind === 'amend_began') this.#view?.focusText();
        if (action.kind === 'objection_asked') this.#view?.focusKeepCall();
    }
  };

  #step(kind: 'undone' | 'redone'): void {
    if (this.#state.kind !== 'shown') return;
    const { past, future } = this.#state.history;
    const place = kind === 'undone' ? placeOf(past.at(-1), 'before') : placeOf(future[0], 'after');
    this.#happened({ kind });
    this.#drawNow();
    if (place !== null) this.#view?.focusAt(place);
  }

  async #copy(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'shown') return;
    const text = asText(state);
    if (text === '') return;
    await navigator.clipboard.writeText(text);
    this.#view?.foot.copied();
  }

  /** Shows every key and what it does, here or, where no call is shown, on the page. */
  async help(root: ShadowRoot | HTMLElement | null = this.shadowRoot): Promise<void> {
    const more = await this.#more.get();
    if (more === null || root === null) return this.#view?.foot.notLoaded();
    more.openHelp(root, { language: this.#language, isInPage: this.isInPage });
  }

  // ---- the screen ----------------------------------------------------------------------------------------------------

  get #language(): ReturnType<typeof languageOf> {
    return languageOf(this.getAttribute('lang') ?? document.documentElement.lang);
  }

  #newView(): void {
    this.#view = new View({ language: this.#language, more: this.#more, act: this.#act });
    this.shadowRoot?.replaceChildren(this.#view.root);
    this.#resized();
    this.#drawNow();
  }

  #resized(): void {
    if (this.#view === null) return;
    const wide = this.clientWidth >= WIDE_PX;
    this.toggleAttribute('data-wide', wide);
    this.#view.wide = wide;
    this.#drawSoon();
  }

  /** Many events of one moment are drawn once. */
  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      if (this.#drawing) this.#drawNow();
    });
  }

  #drawNow(): void {
    this.#drawing = false;
    this.#view?.draw(this.#state);
    if (this.#wantsFocus && this.#state.kind === 'shown') {
      this.#wantsFocus = false;
      this.#view?.focusText();
    }
    requestAnimationFrame(() => this.#view?.arrange());
  }
}
