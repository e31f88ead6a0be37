// What the pane asks of notes-api, and the only `fetch`.
//
// In: a call's id, texts, revisions. Out: typed answers; what can be done about a failure is an `ApiError`'s `problem`.
// Tests replace `request`. Streams are read by fetch and followed for ever: after a break from the last id on, with
// backoff and jitter; silence of 25 s (the server speaks every 10 s) counts as a break.
// Not done here: deciding when to ask.

import type { Stretch } from './activity';
import { Messages } from './sse';
import type { Problem } from './state';
import * as wire from './wire';

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem);
  }
}

export const problemOf = (error: unknown): Problem => (error instanceof ApiError ? error.problem : 'server');

export type Stored<T> =
  | { readonly kind: 'stored'; readonly value: T }
  | { readonly kind: 'elsewhere'; readonly current: T };

export interface Hearing {
  /** The stream is open (again). */
  opened(): void;
  message(event: string, data: unknown, id: number | null): void;
  contact(contact: 'fine' | 'lost' | 'unauthorised'): void;
}

/** The clock and the chance that following a stream needs; tests pass their own. */
export interface Surroundings {
  now(): number;
  random(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const NO_BYTES_MS = 5_000;
/** What a server that answers needs less than. */
const WRITE_MS = 10_000;
/** A browser lets 64 KiB of requests outlive their page, all of them together. */
const KEEPALIVE_BYTES = 30_000;
const SILENCE_MS = 25_000;

/** How long to wait before try `attempt` (0, 1, …): 250 ms doubled up to 10 s, the upper half of it by chance. */
export const backoff = (attempt: number, random: number): number =>
  Math.min(10_000, 250 * 2 ** Math.min(attempt, 10)) * (0.5 + random / 2);

export class Api {
  constructor(
    private readonly base = '',
    private readonly around: Surroundings = real,
  ) {}

  request(path: string, init: RequestInit): Promise<Response> {
    return fetch(this.base + path, { credentials: 'same-origin', cache: 'no-store', ...init });
  }

  async openSession(token: string): Promise<void> {
    await this.#ask('/v1/session', post({ token }));
  }

  /** Ends it, and tells where the browser says goodbye to the provider. A session that is over already is as good. */
  async endSession(): Promise<string | null> {
    const response = await this.#ask('/v1/session', { method: 'DELETE' }, [401]);
    return response.status === 401 ? null : wire.farewell(await response.json());
  }

  async calls(): Promise<readonly wire.CallSummary[]> {
    return wire.summaries(await (await this.#ask('/v1/calls?limit=50', {})).json());
  }

  async call(id: string): Promise<wire.CallDetail> {
    return wire.detail(await (await this.#ask(`/v1/calls/${id}`, {})).json());
  }

  /** It reaches the server even while the page goes away, unless it is too large for that. */
  async storeEdit(id: string, edit: wire.Edit): Promise<Stored<wire.Edit>> {
    const init = json('PUT', { draft: edit.draft, sections: edit.sections }, edit.revision);
    const keepalive = new TextEncoder().encode(init.body).length <= KEEPALIVE_BYTES;
    const response = await this.#ask(`/v1/calls/${id}/edit`, { ...init, ...bounded(), keepalive }, [412]);
    const body: unknown = await response.json();
    return response.status === 412
      ? { kind: 'elsewhere', current: wire.edit(wire.current(body)) }
      : { kind: 'stored', value: { ...edit, revision: wire.revision(body) } };
  }

  async saveNote(
    id: string,
    version: number,
    note: {
      saveId: string;
      editRevision: number | null;
      draft: number | null;
      sections: wire.Texts;
      confirmed: readonly number[];
    },
  ): Promise<Stored<wire.Note>> {
    const { saveId, editRevision, ...rest } = note;
    const init = json('POST', { save_id: saveId, edit_revision: editRevision, ...rest }, version);
    const response = await this.#ask(`/v1/calls/${id}/notes`, { ...init, ...bounded() }, [412]);
    const body: unknown = await response.json();
    return response.status === 412
      ? { kind: 'elsewhere', current: wire.note(wire.current(body)) }
      : { kind: 'stored', value: wire.note(body) };
  }

  /** Every version of the note, the oldest first. */
  async versions(id: string): Promise<readonly wire.Note[]> {
    return wire.versions(await this.get(`/v1/calls/${id}/notes`));
  }

  async draftShown(id: string, number: number): Promise<void> {
    await this.#ask(`/v1/calls/${id}/draft/shown`, post({ number }));
  }

  /** When the person was at the call: `number` counts from 1, so that a repeat changes nothing. */
  async activity(
    id: string,
    { page, number, clock, stretches }: { page: string; number: number; clock: number; stretches: readonly Stretch[] },
    { keepalive }: { keepalive: boolean },
  ): Promise<void> {
    const told = stretches.map(({ from, to, left }) => ({ from_ms: from, to_ms: to, left }));
    const body = { page, number, clock_ms: clock, stretches: told };
    await this.#ask(`/v1/calls/${id}/activity`, { ...post(body), keepalive });
  }

  /** Under another area, or with a wish, where they are not empty. */
  async draftAgain(id: string, area: string, wish: string): Promise<void> {
    const wanted = { ...(area === '' ? {} : { area }), ...(wish === '' ? {} : { wish }) };
    await this.#ask(`/v1/calls/${id}/draft/again`, post(wanted));
  }

  async areaNames(): Promise<readonly string[]> {
    return wire.areaNames(await this.get('/v1/areas'));
  }

  /** Asks the caseworker's PC to record nothing, or to go on; its state says when it does. */
  async pause(id: string, pause: boolean): Promise<void> {
    await this.#ask(`/v1/calls/${id}/${pause ? 'pause' : 'resume'}`, post({}));
  }

  /** The citizen objects: everything of the call is erased, but for a saved note. */
  async discard(id: string): Promise<void> {
    await this.#ask(`/v1/calls/${id}/discard`, post({}));
  }

  async suppressed(id: string): Promise<readonly wire.Suppressed[]> {
    return wire.suppressed(await (await this.#ask(`/v1/calls/${id}/suppressed`, {})).json());
  }

  /** What another page asks for; its own `wire` reads it. */
  async get(path: string): Promise<unknown> {
    return (await this.#ask(path, {})).json();
  }

  /** What another page has done; a refusal with one of these statuses is an answer. */
  async post(path: string, refusals: readonly number[]): Promise<{ status: number; body: unknown }> {
    const response = await this.#ask(path, post({}), refusals);
    return { status: response.status, body: await response.json() };
  }

  /** The events of one call after sequence `after`. */
  followCall(id: string, after: number, hearing: Hearing, signal: AbortSignal): Promise<void> {
    return this.#follow(`/v1/calls/${id}/events`, after, hearing, signal);
  }

  /** Any change of any call, from now on. */
  followCalls(hearing: Hearing, signal: AbortSignal): Promise<void> {
    return this.#follow('/v1/events', null, hearing, signal);
  }

  async #ask(path: string, init: RequestInit, allowed: readonly number[] = []): Promise<Response> {
    const response = await this.request(path, init).catch(() => {
      throw new ApiError('unreachable');
    });
    if (response.ok || allowed.includes(response.status)) return response;
    if (response.status === 401) throw new ApiError('unauthorised');
    if (response.status === 403) throw new ApiError('not_allowed');
    throw new ApiError(response.status === 404 || response.status === 410 ? 'unknown_call' : 'server');
  }

  async #follow(path: string, after: number | null, hearing: Hearing, stop: AbortSignal): Promise<void> {
    // The watch ends with the following, not only with the page.
    const over = new AbortController();
    const end = (): void => over.abort();
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
    try {
      await this.#followUntil(path, after, hearing, over.signal);
    } finally {
      end();
      stop.removeEventListener('abort', end);
    }
  }

  async #followUntil(path: string, after: number | null, hearing: Hearing, signal: AbortSignal): Promise<void> {
    let [last, attempt, lastByte] = [after, 0, this.around.now()];
    let open: AbortController | null = null;
    const watch = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.around.wait(1_000, signal);
        const silent = this.around.now() - lastByte;
        if (!signal.aborted && silent >= (open === null ? NO_BYTES_MS : SILENCE_MS)) {
          hearing.contact('lost');
          open?.abort();
        }
      }
    };
    void watch();
    while (!signal.aborted) {
      const connection = new AbortController();
      const stop = (): void => connection.abort();
      signal.addEventListener('abort', stop, { once: true });
      try {
        const response = await this.request(last === null ? path : `${path}?after=${last}`, {
          headers: { accept: 'text/event-stream' },
          signal: connection.signal,
        });
        if (response.status === 401) return hearing.contact('unauthorised');
        if (response.status === 404) return;
        if (response.ok && response.body !== null) {
          open = connection;
          lastByte = this.around.now();
          hearing.contact('fine');
          hearing.opened();
          const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
          const messages = new Messages();
          for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
            if (signal.aborted) return;
            lastByte = this.around.now();
            attempt = 0;
            for (const message of messages.push(piece.value)) {
              const id = /^\d+$/.test(message.id) ? Number(message.id) : null;
              hear(hearing, message.event, message.data, id);
              if (id !== null && after !== null) last = id;
            }
          }
        }
      } catch {
        // A break; the next try comes below.
      } finally {
        if (open !== null) lastByte = this.around.now();
        open = null;
        signal.removeEventListener('abort', stop);
      }
      await this.around.wait(backoff(attempt++, this.around.random()), signal);
    }
  }
}

const hear = (hearing: Hearing, event: string, data: string, id: number | null): void => {
  try {
    hearing.message(event, JSON.parse(data), id);
  } catch (error) {
    // One unreadable event must not end the stream; its content is speech and stays out of the log.
    console.warn(
      `event "${event}" could not be read: ${error instanceof wire.BadMessage ? error.message : 'not JSON'}`,
    );
  }
};

const bounded = (): RequestInit => ({ signal: AbortSignal.timeout(WRITE_MS) });

const json = (method: string, body: unknown, ifMatch?: number): RequestInit & { body: string } => ({
  method,
  headers: {
    'content-type': 'application/json',
    ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
  },
  body: JSON.stringify(body),
});
const post = (body: unknown): RequestInit => json('POST', body);

const real: Surroundings = {
  now: () => Date.now(),
  random: () => Math.random(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
      return undefined;
    }),
};
