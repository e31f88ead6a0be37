// The frame's end of the line to the page around it: whom it hears, to whom it speaks.
//
// In: every `message` event of the frame's window. Out: what the host says, once; what the frame says, to that host only.
// Promised:
//   L1  Only the window around the frame is heard, and after the server took a code from it only its origin, for as long
//       as the page lives. What anything else says has no effect and no answer, and is counted.
//   L2  Nothing but `launch` has an effect before the server has said yes to code and origin together: what the host says
//       meanwhile waits, and is forgotten if the server says no.
//   L3  Everything that is sent names the origin it is for. Only `ready`, which says nothing, goes out before one is known.
//   L4  The first code says which case is open, and after it the host alone: a code that renews the session changes no case.
//   L5  Codes are asked for a few times by itself and then only when a person wants it.
// Not done here: no network and no drawing; what a message has to be is protocol.ts.

import { FROM_HOST, type FromFrame, type FromHost, Inbox, type Message, message, type Why } from './protocol';

/** What became of a code. */
export type Opened =
  | { readonly kind: 'open'; readonly caseId: string | null }
  | { readonly kind: 'refused'; readonly why: 'code' | 'foreign_origin' | 'unavailable' };

/** Where the line stands, for the page to say. */
export type Line = 'waiting' | 'opening' | 'open' | 'foreign_origin' | 'silent';

export interface Ends {
  /** The window around the frame. */
  readonly host: Pick<Window, 'postMessage'>;
  open(code: string, origin: string): Promise<Opened>;
  heard(saying: FromHost): void;
  turned(line: Line): void;
  id(): string;
  wait(ms: number): Promise<void>;
}

export interface Delivered {
  readonly source: unknown;
  readonly origin: string;
  readonly data: unknown;
}

/** How long the host has for a code, by itself asked for as often as this list is long. */
const PATIENCE_MS = [1_000, 2_000, 4_000, 8_000, 16_000];
const MOST_WAITING = 8;

export class HostLink {
  readonly #inbox = new Inbox(FROM_HOST);
  #pinned: string | null = null;
  #opening = false;
  /** Who spoke last from around the frame, before anything is pinned: where a refusal goes. */
  #around: string | null = null;
  #waiting: { readonly origin: string; readonly said: FromHost }[] = [];
  /** Who asks for a code waits for the turn to change: a code has come. */
  #turn = 0;
  #asks = false;
  #silent = false;
  #failed = 0;
  /** For the troubleshooting of whoever embeds the pane: messages that had an effect, and that had none. */
  readonly counts = { accepted: 0, ignored: 0 };

  constructor(private readonly ends: Ends) {}

  get isOpen(): boolean {
    return this.#pinned !== null;
  }

  /** Asks the host for a code: at the start, when the one it gave is no good, when the bearer has run out. */
  async want(): Promise<void> {
    if (this.#asks || this.#opening || this.#silent) return;
    this.#asks = true;
    const turn = ++this.#turn;
    this.ends.turned('waiting');
    for (const ms of PATIENCE_MS) {
      if (this.#pinned === null && this.#around === null) this.#send({ kind: 'ready' }, '*');
      else this.tell({ kind: 'launch_wanted' });
      await this.ends.wait(ms);
      if (turn !== this.#turn) return;
    }
    this.#fallSilent();
  }

  /** A person wants to try it again. */
  async again(): Promise<void> {
    this.#silent = false;
    this.#failed = 0;
    await this.want();
  }

  /** To the host whose code the server took; before that there is nobody to tell but about the code itself. */
  tell(saying: FromFrame): void {
    const to = this.#pinned ?? (saying.kind === 'refused' || saying.kind === 'launch_wanted' ? this.#around : null);
    if (to !== null) this.#send(saying, to);
  }

  async hear({ source, origin, data }: Delivered): Promise<void> {
    const around = source === this.ends.host && isOrigin(origin);
    if (!around || (this.#pinned !== null && origin !== this.#pinned)) {
      this.counts.ignored += 1;
      return;
    }
    const read = this.#inbox.read(data);
    if (typeof read === 'string') {
      this.counts.ignored += 1;
      if (read === 'not_ours') return;
      this.#around ??= origin;
      this.#refuse(read, origin);
      return;
    }
    this.#around = origin;
    if (read.kind === 'launch') return this.#launch(read.code, origin);
    if (this.#pinned === null) return this.#hold(saying(read), origin);
    this.#heard(saying(read));
  }

  async #launch(code: string, origin: string): Promise<void> {
    if (this.#opening) {
      this.counts.ignored += 1;
      return this.#refuse('busy', origin);
    }
    this.#turn += 1;
    this.#opening = true;
    this.#asks = false;
    this.ends.turned('opening');
    const opened = await this.ends.open(code, origin);
    this.#opening = false;
    if (opened.kind === 'open') {
      this.#failed = 0;
      this.#silent = false;
      // A later code renews the session alone: which case is open, with its numbers, the host has said itself since.
      if (this.#pinned === null) this.#heard({ kind: 'context', case_id: opened.caseId });
      else this.counts.accepted += 1;
      this.#pinned = origin;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const one of waiting) {
        if (one.origin === origin) this.#heard(one.said);
        else this.counts.ignored += 1;
      }
      return this.ends.turned('open');
    }
    this.counts.ignored += 1 + this.#waiting.length;
    this.#waiting = [];
    this.#refuse(opened.why, origin);
    if (opened.why === 'foreign_origin') return this.ends.turned('foreign_origin');
    // The host may have a better one.
    const pause = PATIENCE_MS[this.#failed++];
    if (pause === undefined) return this.#fallSilent();
    const turn = this.#turn;
    this.ends.turned('waiting');
    await this.ends.wait(pause);
    if (turn === this.#turn) await this.want();
  }

  #fallSilent(): void {
    this.#asks = false;
    this.#silent = true;
    this.ends.turned('silent');
  }

  #heard(said: FromHost): void {
    this.counts.accepted += 1;
    this.ends.heard(said);
  }

  #hold(said: FromHost, origin: string): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ origin, said });
    else this.counts.ignored += 1;
  }

  #refuse(why: Why, origin: string): void {
    this.#send({ kind: 'refused', why }, origin);
  }

  #send(saying: FromFrame, to: string): void {
    this.ends.host.postMessage(message(saying, this.ends.id()), to);
  }
}

/** A window without an origin of its own (a sandbox, a file) says `null`: nobody could be told apart by that. */
const isOrigin = (origin: string): boolean => /^https?:\/\/./.test(origin);

const saying = ({ referent: _, id: __, ...said }: Message<typeof FROM_HOST>): FromHost => said;
