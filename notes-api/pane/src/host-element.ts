// <referent-pane>: the one script that a case system's page needs. It makes the frame, and speaks with it (protocol.ts).
//
// In: the attributes `server` (Referent's address), `case-id` (the open case; left out, none is open) and `lang` (da, en);
// the property `launch`, which asks the host's own server for a one-time code; and the property `identifiers`, the numbers
// of the open case, which are told to the frame alone and stand in no attribute. Out: the events `draft-ready`, `note-saved`,
// `state`, and `launch-failed` when no code came; its height, within what the page's CSS allows.
// Promised: only the frame is heard, and only from the server's origin; codes are fetched one at a time, and no more than
// eight without a minute of quiet. Not done here: no words of a call reach this page, and no session is in it.

import { areIdentifiers, FROM_FRAME, type FROM_HOST, type FromHost, type Identifier, Inbox, message } from './protocol';

const MOST_TRIES = 8;
const QUIET_MS = 60_000;
const LONGEST_PAUSE_MS = 30_000;

const CSS = `:host { display: block; height: 640px; min-height: 380px; max-height: 90vh }
iframe { display: block; width: 100%; height: 100%; border: 0 }`;
const TITLES = { da: 'Referent: samtale og notat', en: 'Referent: call and note' };

type Launch = () => Promise<string>;

class ReferentPane extends HTMLElement {
  static readonly observedAttributes = ['server', 'case-id', 'lang'];

  #frame: HTMLIFrameElement | null = null;
  #origin = '';
  #inbox = new Inbox(FROM_FRAME);
  #launch: Launch | null = null;
  #identifiers: readonly Identifier[] = [];
  /** The case that they are of. */
  #identifiersOf: string | null = null;
  #isWanted = false;
  #fetching = false;
  #tries = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  readonly #listen = (event: MessageEvent): void => this.#hear(event);

  /** Asks the host's own server for a code: it alone has the key for `POST /v1/launch`. */
  get launch(): Launch | null {
    return this.#launch;
  }

  set launch(launch: Launch | null) {
    this.#launch = launch;
    if (this.#isWanted) void this.#fetch();
  }

  /** Of the case in `case-id`, which is set first; another case begins without any. */
  get identifiers(): readonly Identifier[] {
    return this.#identifiersOf === this.#caseId ? this.#identifiers : [];
  }

  set identifiers(identifiers: readonly Identifier[]) {
    // A context with others would be refused as a whole, and the frame stay at the case before.
    if (!areIdentifiers(identifiers)) {
      throw new TypeError(
        'referent-pane: `identifiers` is a list of at most 20 of {kind: "cpr" or "cvr", value: its digits as a text}',
      );
    }
    this.#identifiers = [...identifiers];
    this.#identifiersOf = this.#caseId;
    if (this.#frame !== null) this.#tellCase();
  }

  connectedCallback(): void {
    // A page may have set them before this script had come.
    for (const name of ['launch', 'identifiers'] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      Reflect.deleteProperty(this, name);
      Object.assign(this, { [name]: value });
    }
    addEventListener('message', this.#listen);
    this.#make();
  }

  disconnectedCallback(): void {
    removeEventListener('message', this.#listen);
    this.#frame?.remove();
    this.#frame = null;
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (this.#frame === null || before === now) return;
    if (name === 'server') this.#make();
    else if (name === 'lang') this.#speak();
    else this.#tellCase();
  }

  get #caseId(): string | null {
    return this.getAttribute('case-id') || null;
  }

  get #lang(): 'da' | 'en' {
    return this.getAttribute('lang')?.toLowerCase().startsWith('en') ? 'en' : 'da';
  }

  #make(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
    const server = new URL(this.getAttribute('server') ?? '', location.href);
    this.#origin = server.origin;
    this.#inbox = new Inbox(FROM_FRAME);
    this.#tries = 0;
    const frame = document.createElement('iframe');
    frame.title = TITLES[this.#lang];
    // Its own origin, for its session; nothing that opens windows or leads this page elsewhere.
    frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms');
    frame.allow = 'clipboard-write';
    frame.referrerPolicy = 'no-referrer';
    frame.src = `${this.#origin}/embed#${this.#lang}`;
    this.#frame = frame;
    root.replaceChildren(frame);
  }

  #hear({ source, origin, data }: MessageEvent): void {
    if (this.#frame === null || source !== this.#frame.contentWindow || origin !== this.#origin) return;
    const read = this.#inbox.read(data);
    if (typeof read === 'string') return;
    switch (read.kind) {
      case 'ready':
      case 'launch_wanted':
        void this.#fetch();
        break;
      case 'height':
        this.style.height = `${read.px}px`;
        break;
      case 'draft_ready':
        this.#tell('draft-ready', { call: read.call, caseId: read.case_id });
        break;
      case 'note_saved':
        this.#tell('note-saved', { call: read.call, note: read.note, version: read.version, caseId: read.case_id });
        break;
      case 'state':
        this.#tell('state', { call: read.call, state: read.state });
        break;
      case 'refused':
        console.warn(`referent-pane: refused, ${read.why}`);
    }
  }

  /** The first is fetched at once; those that follow it closely wait longer and longer, and then come to an end. */
  async #fetch(): Promise<void> {
    this.#isWanted = this.#launch === null;
    if (this.#fetching || this.#launch === null) return;
    const frame = this.#frame;
    if (performance.now() - this.#triedAt > QUIET_MS) this.#tries = 0;
    if (this.#tries >= MOST_TRIES) return this.#failed('too many codes were asked for');
    const pause = this.#tries === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (this.#tries - 1));
    this.#tries += 1;
    this.#fetching = true;
    try {
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      this.#triedAt = performance.now();
      const code = await this.#launch();
      if (typeof code !== 'string') throw new Error('`launch` came back without a code');
      if (frame !== this.#frame) return;
      this.#say({ kind: 'launch', code });
      this.#speak();
      this.#tellCase();
    } catch (error) {
      this.#failed(String(error));
    } finally {
      this.#fetching = false;
    }
  }

  #failed(why: string): void {
    console.warn(`referent-pane: no code for the frame: ${why}`);
    this.#tell('launch-failed', { why });
  }

  #tellCase(): void {
    const { identifiers } = this;
    this.#say({ kind: 'context', case_id: this.#caseId, ...(identifiers.length === 0 ? {} : { identifiers }) });
  }

  #speak(): void {
    if (this.#frame !== null) this.#frame.title = TITLES[this.#lang];
    this.#say({ kind: 'language', lang: this.#lang });
  }

  #say(saying: FromHost): void {
    const whole = message<typeof FROM_HOST>(saying, crypto.randomUUID());
    this.#frame?.contentWindow?.postMessage(whole, this.#origin);
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}

customElements.define('referent-pane', ReferentPane);
