// The page: who is asking, the list of calls, how the PC stands between them, and the pane of the one that is shown.
//
// In: the address, with `#token=…` the first time. Out: a session, the list kept up to date, the newest call. The token
// leaves the address bar at once; a reload goes on with the cookie. Drafts that wait to be saved are told of, quietly.
// Not done here: anything inside a call.

import './note-pane-define';
import { Api, ApiError } from './api';
import { type Calls, changed, chosen, drawCalls, listed, NO_CALLS, overdue, unsaved } from './calls';
import { CATALOGUES, LANGUAGE_NAMES, LANGUAGES, type Language, languageOf, learn } from './catalogue';
import { button, draw, el, say, set } from './dom';
import { hinted } from './hint';
import type { Deed } from './keys';
import { loadPerson, type Who } from './load-person';
import css from './page.css';
import { drawPc, pcLine } from './pc';
import type { PersonLine } from './person';
import { rememberCall, rememberedCall, rememberedLanguage, rememberLanguage } from './remembered';
import { type Reason, reasonIn, type Session, session } from './session';
import theme from './theme.css';
import * as time from './time';
import { type CallSummary, type Presence, presence, summary } from './wire';

type Access = 'opening' | 'open' | 'sign_in' | 'used' | 'away';

/** Many changes of one moment are one question to the server. */
const GATHER_MS = 200;
/** How often it is looked whether a draft has waited for long. */
const LOOK_MS = 20_000;

class Page {
  readonly #api = new Api();
  readonly #pane = el('note-pane');
  readonly #count = el('b');
  readonly #title = el('b');
  readonly #pc = el('div', { class: 'pc', role: 'status' });
  readonly #unsaved = el('div', { class: 'unsaved', role: 'status' });
  readonly #list = el('div', { class: 'list' });
  readonly #languages = el('div', { class: 'words', role: 'group' });
  readonly #calls: HTMLDetailsElement;
  readonly #nav: HTMLElement;
  readonly #banner = el('div', { class: 'banner', role: 'status' });
  readonly #reminder = el('div', { class: 'banner reminder', role: 'status' });
  readonly #notice = el('p', { role: 'status' });
  /** What stands in the place of a call, if none is shown. */
  readonly #instead = el('main', { class: 'notice' }, el('h1', {}, 'Referent'), this.#notice);
  readonly #wide = matchMedia('(min-width: 720px)');
  #language: Language;
  #state: Calls = NO_CALLS;
  #access: Access = 'opening';
  #contact: 'fine' | 'lost' | 'unauthorised' = 'fine';
  #presence: Presence | null = null;
  #session: Session | null = null;
  #who: Who | null = null;
  #person: PersonLine | null = null;
  #notIn: Reason | 'logged_out' | null = null;
  #following = new AbortController();
  #asked = false;
  /** Until when nobody is reminded of a call again. */
  readonly #later = new Map<string, number>();

  constructor(language: Language) {
    this.#language = language;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(theme + css);
    document.adoptedStyleSheets = [sheet];
    this.#calls = el('details', {}, el('summary', {}, this.#count), this.#list);
    const head = el('div', { class: 'head' }, this.#title, this.#languages);
    this.#nav = el('nav', { class: 'calls' }, head, this.#pc, this.#unsaved, this.#calls);
    document.body.replaceChildren(
      this.#nav,
      el('div', { class: 'banners' }, this.#banner, this.#reminder),
      this.#instead,
      this.#pane,
    );
    this.#pane.isInPage = true;
    this.#pane.addEventListener('call-changed', (event) => {
      const { detail } = event as CustomEvent<{ summary: CallSummary }>;
      this.#state = changed(this.#state, detail.summary);
      this.#draw();
    });
    this.#pane.addEventListener('page-deed', (event) => this.#does((event as CustomEvent<Deed>).detail));
    document.addEventListener('keydown', (event) => this.#pane.press(event));
    setInterval(() => this.#draw(), LOOK_MS);
    addEventListener('hashchange', () => {
      if (tokenInAddress() !== null) void this.start();
    });
    this.#wide.addEventListener('change', () => this.#turn());
    this.#turn();
  }

  async start(): Promise<void> {
    this.#following.abort();
    this.#following = new AbortController();
    const { signal } = this.#following;
    const token = tokenInAddress();
    this.#notIn = reasonIn(location.hash) ?? this.#notIn;
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search);
    for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 8_000)) {
      this.#access = await this.#open(token);
      this.#session = await this.#api.get('/v1/session').then(session, () => null);
      if (this.#session !== null && this.#session.login !== null) await this.#peopleLogIn();
      this.#draw();
      if (this.#access !== 'away') break;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    if (this.#access !== 'open' || signal.aborted) return;
    this.#contact = 'fine';
    this.#notIn = null;
    // After a new login the call that stands there is asked for again, with what was typed.
    this.#pane.reload();
    await this.#api.followCalls(
      {
        opened: () => this.#askSoon(0),
        message: (kind, data) => this.#heard(kind, data),
        contact: (contact) => {
          this.#contact = contact;
          // The stream that comes says it anew.
          if (contact !== 'fine') this.#presence = null;
          if (contact === 'unauthorised') this.#out();
          this.#draw();
        },
      },
      signal,
    );
  }

  async #open(token: string | null): Promise<Access> {
    try {
      if (token !== null) await this.#api.openSession(token);
      this.#listed(await this.#api.calls());
      return 'open';
    } catch (error) {
      if (!(error instanceof ApiError) || error.problem !== 'unauthorised') return 'away';
      // A link that was used may be opened in the browser that used it: its cookie still counts.
      return token === null
        ? 'sign_in'
        : await this.#open(null).then((access) => (access === 'sign_in' ? 'used' : access));
    }
  }

  /** A call that is on the list tells how it stands; one that is not, or an event that says nothing, is a question. */
  #heard(kind: string, data: unknown): void {
    if (kind === 'agent') {
      this.#presence = presence(data);
      this.#draw();
      return;
    }
    const known = (id: unknown): boolean => this.#state.list.some((call) => call.id === id);
    if (!isObject(data) || !known(data.id)) {
      this.#askSoon(GATHER_MS);
      return;
    }
    this.#state = changed(this.#state, summary(data));
    this.#draw();
  }

  #askSoon(ms: number): void {
    if (this.#asked) return;
    this.#asked = true;
    setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    this.#asked = false;
    // What did not come now comes with the next change, or when the stream is open again.
    const answer = await this.#api.calls().catch(() => null);
    if (answer !== null) this.#listed(answer);
  }

  #listed(answer: readonly CallSummary[]): void {
    const { unfinished } = this.#pane;
    this.#show(listed(this.#state, answer, { unfinished, wanted: rememberedCall() }));
  }

  #show(calls: Calls): void {
    const moved = calls.current !== this.#state.current;
    this.#state = calls;
    if (moved && calls.current !== null) {
      rememberCall(calls.current);
      this.#pane.setAttribute('call', calls.current);
    }
    this.#draw();
  }

  async #peopleLogIn(): Promise<void> {
    if (this.#who !== null) return;
    this.#who = await loadPerson();
    if (this.#who === null) return;
    const leaving = (): Promise<void> => this.#pane.settle();
    this.#person = new this.#who.PersonLine(this.#api, { leaving, left: () => this.#loggedOut() });
    this.#pc.before(this.#person.element);
  }

  /** Nothing of a call stays on the page. */
  #loggedOut(): void {
    this.#following.abort();
    this.#pane.removeAttribute('call');
    this.#state = NO_CALLS;
    this.#presence = null;
    this.#out();
    this.#draw();
  }

  /** A call that stands there stays, with what was typed: whoever logs in again goes on with it. */
  #out(): void {
    this.#notIn = 'logged_out';
    if (this.#session !== null) this.#session = { ...this.#session, person: null };
    if (this.#state.current === null) this.#access = 'sign_in';
  }

  readonly #choose = (id: string): void => {
    this.#show(chosen(this.#state, id));
    if (!this.#wide.matches) this.#calls.open = false;
  };

  /** What a key does that is the page's. */
  #does(deed: Deed): void {
    const { list, current, offered } = this.#state;
    switch (deed) {
      case 'unsaved':
        this.#showOldest();
        break;
      case 'new_call':
        if (offered !== null) this.#choose(offered);
        break;
      case 'language':
        void this.#speak(LANGUAGES.find((language) => language !== this.#language) ?? this.#language);
        break;
      case 'calls':
        this.#calls.open = true;
        this.#focusList(current ?? list[0]?.id ?? '');
        break;
      case 'help':
        void this.#pane.help(document.body);
        break;
    }
  }

  #focusList(call: string): void {
    this.#list.querySelector<HTMLElement>(`[data-focus="${CSS.escape(call)}"]`)?.focus();
  }

  #showOldest(): void {
    const [oldest] = unsaved(this.#state);
    if (oldest === undefined) return;
    this.#choose(oldest.id);
    this.#pane.focusTextSoon();
  }

  #turn(): void {
    this.#calls.open = this.#wide.matches;
  }

  #draw(): void {
    const language = this.#language;
    const words = CATALOGUES[language];
    const { list, current, offered } = this.#state;
    document.documentElement.lang = language;
    set(this.#pane, 'lang', language);
    set(this.#nav, 'aria-label', words.calls);
    say(this.#title, words.calls);
    say(this.#count, `${words.calls} (${list.length})`);
    set(this.#languages, 'aria-label', words.language);
    draw(this.#languages, language, () =>
      LANGUAGES.map((one) =>
        button(LANGUAGE_NAMES[one], () => void this.#speak(one), {
          lang: one,
          'aria-pressed': one === language ? 'true' : 'false',
          'data-focus': one,
        }),
      ),
    );
    this.#person?.show(this.#session, language);
    const now = { ms: Date.now(), offsetS: -new Date().getTimezoneOffset() * 60 };
    const key = [
      language,
      current,
      Math.floor(now.ms / 3_600_000),
      list.map((call) => [call.id, call.status, call.caseId]),
    ];
    draw(this.#list, key, () => drawCalls(this.#state, language, now, this.#choose));
    this.#calls.hidden = list.length === 0;
    const shown = list.find((call) => call.id === current) ?? null;
    const line = pcLine(this.#presence, this.#contact === 'fine', shown, language);
    this.#pc.hidden = line === null;
    draw(this.#pc, line, () => (line === null ? [] : drawPc(line)));
    this.#drawUnsaved(now);
    this.#banner.hidden = offered === null;
    draw(this.#banner, [language, offered], () =>
      offered === null
        ? []
        : [
            el('span', {}, words.newCall),
            hinted(
              button(words.showCall, () => this.#choose(offered), { 'data-focus': 'new' }),
              'new_call',
            ),
          ],
    );
    const notice = this.#words();
    this.#pane.hidden = notice !== null;
    this.#instead.hidden = notice === null;
    const login = this.#access === 'sign_in' ? (this.#session?.login ?? null) : null;
    draw(this.#notice, [language, notice, login, this.#notIn], () =>
      login === null || this.#who === null ? [notice] : this.#who.logInFirst(login, this.#notIn, language),
    );
  }

  /** Drafts of which no note was saved: how many there are besides the one that is shown, and one that has waited for long. */
  #drawUnsaved(now: { readonly ms: number; readonly offsetS: number }): void {
    const words = CATALOGUES[this.#language];
    const all = unsaved(this.#state);
    const others = all.filter(({ id }) => id !== this.#state.current);
    const title = all.length === 0 ? 'Referent' : `(${all.length}) Referent – ${words.unsaved(all.length)}`;
    if (document.title !== title) document.title = title;
    this.#unsaved.hidden = others.length === 0;
    draw(this.#unsaved, [this.#language, others.length], () => [
      el('span', {}, words.unsaved(others.length)),
      hinted(
        button(words.showOldest, () => this.#showOldest(), { 'data-focus': 'oldest' }),
        'unsaved',
      ),
    ]);
    const late = overdue(others, now.ms, this.#later);
    this.#reminder.hidden = late === null;
    draw(this.#reminder, [this.#language, late?.id], () =>
      late === null
        ? []
        : [
            el('span', {}, words.stillUnsaved(time.clock(late.startedMs, late.offsetS))),
            button(words.showCall, () => this.#choose(late.id), { 'data-focus': 'late' }),
            button(words.later, () => this.#notNow(late.id), { 'data-focus': 'later' }),
          ],
    );
  }

  #notNow(call: string): void {
    this.#later.set(call, Date.now());
    this.#draw();
  }

  /** What stands in the place of a call, if none is shown. */
  #words(): string | null {
    const words = CATALOGUES[this.#language];
    switch (this.#access) {
      case 'opening':
        return words.signingIn;
      case 'sign_in':
        return words.signIn;
      case 'used':
        return words.signInUsed;
      case 'away':
        return this.#state.current === null ? words.serverAway : null;
      case 'open':
        if (this.#state.current !== null) return null;
        if (this.#contact === 'lost') return words.serverAway;
        return this.#state.list.length === 0 ? words.noCalls : words.noCallChosen;
    }
  }

  async #speak(wanted: Language): Promise<void> {
    const language = await learn(wanted);
    this.#language = language;
    rememberLanguage(language);
    this.#draw();
  }
}

const isObject = (value: unknown): value is { readonly id?: unknown } => typeof value === 'object' && value !== null;

const tokenInAddress = (): string | null => new URLSearchParams(location.hash.slice(1)).get('token');

// The first words are in the right language.
void learn(languageOf(rememberedLanguage())).then((language) => new Page(language).start());
