// The pane in a case system's frame: the calls of the case that is open there.
//
// In: a one-time code, the open case with its numbers, and the language, from the page around the frame (host-link.ts). Out: the pane of one
// call, and to the host which state it has, that a draft is ready, that a note is saved, and the height it would like.
// Promised: no cookie and no storage is used, so that it works where the browser gives neither to a frame; a reload asks the
// host for another code. Which call is shown: case-calls.ts. The wrong case: case-guard.ts.
// Not done here: anything inside a call; no word of one is told to the host (protocol.ts has no field for it).

import './note-pane-define';
import { BearerApi } from './bearer';
import { drawCalls } from './calls';
import { asked, type Beside, back, changed, NOTHING, offers, stranger, told, turned } from './case-calls';
import { foreign } from './case-check';
import { CaseGuard, type OpenCase } from './case-guard';
import { CATALOGUES, type Language, languageOf, learn } from './catalogue';
import { button, draw, el, say, set } from './dom';
import ownCss from './embed.css';
import { EMBED_WORDS } from './embed-catalogue';
import { Height } from './height';
import { HostLink, type Line } from './host-link';
import css from './page.css';
import { drawPc, pcLine } from './pc';
import type { FromHost, Identifier } from './protocol';
import { editToStore } from './questions';
import theme from './theme.css';
import { type CallSummary, type Presence, presence, summaries, summary } from './wire';

/** Many changes of one moment are one question to the server. */
const GATHER_MS = 200;
/** How often it is looked whether words have reached the server that a change of case waits for. */
const HELD_MS = 250;

class EmbedPage {
  readonly #link: HostLink;
  readonly #api = new BearerApi(() => void this.#link.want());
  readonly #pane = el('note-pane');
  readonly #guard = new CaseGuard({
    save: () => this.#pane.save(),
    check: async (call, identifiers, signal) => foreign(await this.#api.checkCase(call, identifiers, signal)),
  });
  readonly #pc = el('div', { class: 'pc', role: 'status' });
  readonly #count = el('b');
  readonly #list = el('div', { class: 'list' });
  readonly #calls: HTMLDetailsElement = el('details', { class: 'of-case' }, el('summary', {}, this.#count), this.#list);
  readonly #bars = el('div', { class: 'bars', role: 'status' });
  readonly #top = el('div', { class: 'top' }, this.#pc, this.#calls, this.#bars);
  readonly #notice = el('div', { class: 'notice', role: 'status' });
  readonly #height: Height;
  #language: Language;
  #line: Line = 'waiting';
  #beside: Beside = NOTHING;
  /** A case that the host opened while words here were not with the server; null is no case. */
  #held: OpenCase | null = null;
  /** What the host says that the open case has; of no other case. */
  #identifiers: readonly Identifier[] = [];
  #isListed = false;
  #contact: 'fine' | 'lost' | 'unauthorised' = 'unauthorised';
  #presence: Presence | null = null;
  #following = new AbortController();
  #asks = false;
  /** What the host knows of the calls of its case: the server's word in the order of its sequence, never the pane's guess. */
  readonly #told = new Map<string, Pick<CallSummary, 'status' | 'sequence'>>();

  constructor(language: Language) {
    this.#language = language;
    document.adoptedStyleSheets = [theme + css, ownCss].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    this.#link = new HostLink({
      host: parent,
      open: (code, origin) => this.#api.open(code, origin),
      heard: (saying) => this.#heard(saying),
      turned: (line) => this.#turned(line),
      id: () => crypto.randomUUID(),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    this.#pane.api = this.#api;
    this.#pane.maySave = (call) => this.#guard.passes(call, this.#openCase, this.#language);
    this.#pane.append(this.#guard.root);
    document.body.replaceChildren(this.#top, this.#notice, this.#pane);
    this.#height = new Height(this.#top, this.#pane, (px) => this.#link.tell({ kind: 'height', px }));
    this.#pane.addEventListener('call-changed', (event) => {
      this.#changed((event as CustomEvent<{ summary: CallSummary }>).detail.summary);
    });
    this.#pane.addEventListener('note-saved', (event) => {
      const { call, note, version } = (event as CustomEvent<{ call: string; note: string; version: number }>).detail;
      const { caseId, calls } = this.#beside;
      if (caseId !== this.#openCase.caseId || !calls.list.some(({ id }) => id === call)) return;
      this.#link.tell({ kind: 'note_saved', call, note, version, case_id: caseId });
    });
    document.addEventListener('keydown', (event) => this.#pane.press(event));
  }

  start(): void {
    if (parent === window) {
      this.#drawOnTop();
      return;
    }
    addEventListener('message', (event) => {
      // What it is worth is decided at once; only the answer of the server takes time.
      void this.#link.hear(event).then(() => this.#countUp());
      this.#countUp();
    });
    this.#draw();
    void this.#link.want();
  }

  // ---- the host ------------------------------------------------------------------------------------------------------

  #heard(saying: FromHost): void {
    switch (saying.kind) {
      case 'context':
        this.#opened({ caseId: saying.case_id, identifiers: saying.identifiers ?? [] });
        break;
      case 'language':
        void learn(saying.lang).then((language) => {
          this.#language = language;
          this.#draw();
        });
        break;
      case 'launch':
    }
    this.#draw();
  }

  #opened(opened: OpenCase): void {
    this.#held = null;
    if (opened.caseId === this.#beside.caseId) {
      this.#identifiers = opened.identifiers;
      return;
    }
    if (this.#unsent) this.#hold(opened);
    else this.#turnTo(opened, { unfinished: this.#pane.unfinished });
  }

  /** The one that the host shows, though the pane may still be at the case before. */
  get #openCase(): OpenCase {
    return this.#held ?? { caseId: this.#beside.caseId, identifiers: this.#identifiers };
  }

  /** Until the words are with the server, the person leaves them, or the host opens another. */
  #hold(opened: OpenCase): void {
    this.#held = opened;
    const look = (): void => {
      if (this.#held !== opened) return;
      if (this.#unsent) setTimeout(look, HELD_MS);
      else this.#turnTo(opened, { unfinished: this.#pane.unfinished });
    };
    setTimeout(look, HELD_MS);
  }

  #turnTo({ caseId, identifiers }: OpenCase, { unfinished }: { unfinished: boolean }): void {
    this.#held = null;
    this.#identifiers = identifiers;
    this.#told.clear();
    this.#isListed = false;
    this.#show(turned(this.#beside, caseId, { unfinished }));
    if (this.#link.isOpen) this.#askSoon(0);
  }

  /** Typed words that the server could not be given. */
  get #unsent(): boolean {
    const { state } = this.#pane;
    return state.kind === 'shown' && state.edit.phase === 'failed' && editToStore(state) !== null;
  }

  #turned(line: Line): void {
    this.#line = line;
    if (line === 'open' && this.#contact === 'unauthorised') {
      // What was refused meanwhile is asked for again, with what was typed.
      this.#contact = 'fine';
      if (this.#beside.calls.current !== null) this.#pane.reload();
      void this.#follow();
    }
    this.#draw();
  }

  #tellHost(call: CallSummary): void {
    if (call.caseId === null || call.caseId !== this.#openCase.caseId) return;
    const before = this.#told.get(call.id);
    if (before !== undefined && before.sequence >= call.sequence) return;
    this.#told.set(call.id, { status: call.status, sequence: call.sequence });
    if (before?.status === call.status) return;
    this.#link.tell({ kind: 'state', call: call.id, state: call.status });
    if (call.status === 'draft_ready') this.#link.tell({ kind: 'draft_ready', call: call.id, case_id: call.caseId });
  }

  #countUp(): void {
    const { accepted, ignored } = this.#link.counts;
    set(document.documentElement, 'data-accepted', accepted);
    set(document.documentElement, 'data-ignored', ignored);
  }

  // ---- the server ----------------------------------------------------------------------------------------------------

  async #follow(): Promise<void> {
    this.#following.abort();
    this.#following = new AbortController();
    await this.#api.followCalls(
      {
        opened: () => this.#askSoon(0),
        message: (kind, data) => this.#event(kind, data),
        contact: (contact) => {
          this.#contact = contact;
          if (contact !== 'fine') this.#presence = null;
          this.#draw();
        },
      },
      this.#following.signal,
    );
  }

  #event(kind: string, data: unknown): void {
    if (kind === 'agent') {
      this.#presence = presence(data);
      this.#draw();
      return;
    }
    // An event that says nothing of its call is a question.
    if (typeof data !== 'object' || data === null || !('id' in data)) {
      this.#askSoon(GATHER_MS);
      return;
    }
    const call = summary(data);
    this.#changed(call);
    this.#tellHost(call);
  }

  #changed(call: CallSummary): void {
    const next = changed(this.#beside, call);
    if (next === null) this.#askSoon(GATHER_MS);
    else this.#show(next);
  }

  #askSoon(ms: number): void {
    if (this.#asks) return;
    this.#asks = true;
    setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    this.#asks = false;
    const { caseId } = this.#beside;
    const of = (more: string): Promise<readonly CallSummary[]> =>
      this.#api.get(`/v1/calls?limit=50${more}`).then(summaries);
    // What did not come now comes with the next change, or when the stream is open again.
    const answers = await Promise.all([
      caseId === null ? [] : of(`&case_id=${encodeURIComponent(caseId)}`),
      of(''),
    ]).catch(() => null);
    if (answers === null) return;
    // Another case was opened meanwhile: its own question is on the way.
    if (caseId !== this.#beside.caseId) return this.#askSoon(0);
    this.#isListed = true;
    const all = new Map(answers.flat().map((call) => [call.id, call]));
    this.#show(told(this.#beside, [...all.values()], { unfinished: this.#pane.unfinished }));
    for (const call of this.#beside.calls.list) this.#tellHost(call);
  }

  // ---- the screen ----------------------------------------------------------------------------------------------------

  #show(next: Beside): void {
    const before = this.#beside.calls.current;
    this.#beside = next;
    const { current } = next.calls;
    if (before !== current) {
      set(this.#pane, 'call', current);
      this.#calls.open = false;
    }
    this.#draw();
  }

  readonly #choose = (id: string): void => this.#show(asked(this.#beside, id));

  #draw(): void {
    const language = this.#language;
    const words = EMBED_WORDS[language];
    document.documentElement.lang = language;
    set(this.#pane, 'lang', language);
    const { calls } = this.#beside;
    const now = { ms: Date.now(), offsetS: -new Date().getTimezoneOffset() * 60 };
    this.#calls.hidden = calls.list.length < 2;
    say(this.#count, words.calls(calls.list.length));
    const key = [
      language,
      calls.current,
      calls.list.map((call) => [call.id, call.status]),
      Math.floor(now.ms / 3_600_000),
    ];
    draw(this.#list, key, () => drawCalls(calls, language, now, this.#choose));
    const shown = [...calls.list, ...this.#beside.others].find(({ id }) => id === calls.current) ?? null;
    const line = pcLine(this.#presence, this.#contact === 'fine', shown, language);
    this.#pc.hidden = line === null;
    draw(this.#pc, line, () => (line === null ? [] : drawPc(line)));
    const bars = this.#barsNow();
    this.#bars.hidden = bars.length === 0;
    draw(
      this.#bars,
      bars.map(({ key: one, text, label }) => [one, text, label]),
      () => bars.map((bar) => el('div', { class: `banner ${bar.tone}` }, el('span', {}, bar.text), barButton(bar))),
    );
    const notice = this.#noticeNow();
    this.#notice.hidden = notice === null;
    this.#pane.hidden = notice !== null;
    draw(this.#notice, [language, notice, this.#line], () => {
      if (notice === null) return [];
      const retry = this.#line === 'silent' && button(words.retry, () => void this.#link.again(), { class: 'retry' });
      return [el('strong', {}, notice[0]), el('span', {}, notice[1]), retry];
    });
    this.#guard.look(calls.current, this.#openCase.caseId, language);
    this.#height.look();
  }

  #barsNow(): readonly Bar[] {
    const words = EMBED_WORDS[this.#language];
    const { caseId } = this.#beside;
    const away = stranger(this.#beside);
    const held = this.#held;
    const bars: (Bar | false)[] = [
      this.#line === 'silent' &&
        this.#beside.calls.current !== null && {
          key: 'silent',
          tone: 'away',
          text: words.silent.join(' '),
          label: words.retry,
          act: () => void this.#link.again(),
        },
      held !== null && {
        key: 'held',
        tone: 'away',
        text: words.unsent(held.caseId).join(' '),
        label: words.leaveAnyway,
        // The person says so; the words stay in this page's memory, and are sent when their call is looked at again.
        act: () => this.#turnTo(held, { unfinished: true }),
      },
      away !== null &&
        caseId !== null && {
          key: 'stranger',
          tone: 'away',
          text: words.stranger(away.caseId, caseId),
          label: words.back(caseId),
          act: () => this.#show(back(this.#beside)),
        },
      ...offers(this.#beside).map(({ kind, call }) => ({
        key: `${kind} ${call.id}`,
        tone: '',
        text: words.offer[kind](words.where(call.caseId)),
        label: words.show,
        act: () => this.#choose(call.id),
      })),
    ];
    return bars.filter((bar) => bar !== false);
  }

  /** What stands in the place of a call, if none is shown. */
  #noticeNow(): readonly [string, string] | null {
    const words = EMBED_WORDS[this.#language];
    const { calls, caseId } = this.#beside;
    if (this.#line === 'foreign_origin') return words.foreignOrigin;
    if (calls.current !== null) return null;
    if (this.#line === 'silent') return words.silent;
    if (!this.#link.isOpen) return [this.#line === 'opening' ? words.opening : words.waiting, ''];
    if (this.#contact === 'lost') return [CATALOGUES[this.#language].serverAway, ''];
    if (caseId === null) return words.noCase;
    return this.#isListed ? words.noCalls(caseId) : [words.opening, ''];
  }

  #drawOnTop(): void {
    const words = EMBED_WORDS[this.#language];
    document.documentElement.lang = this.#language;
    const [what, todo] = words.onTop;
    this.#notice.replaceChildren(el('strong', {}, what), el('span', {}, todo), el('a', { href: '/' }, words.toCalls));
    document.body.replaceChildren(this.#notice);
  }
}

interface Bar {
  readonly key: string;
  readonly tone: string;
  readonly text: string;
  readonly label: string;
  readonly act: () => void;
}

const barButton = ({ key, label, act }: Bar): HTMLElement => button(label, act, { 'data-focus': key });

// The first words are in the right language.
void learn(languageOf(location.hash.slice(1) || navigator.language)).then((language) =>
  new EmbedPage(language).start(),
);
