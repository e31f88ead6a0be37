// A notes-api for the pane's tests: the same JSON, event streams, revisions and content policy, and a play of any state.
//
// In: what a test wants to happen (`begin`, `say`, `hangUp`, …). Out: HTTP as the real one speaks it. It keeps what it
// was sent, so that a test can look, and can be away (`down`) or have forgotten who is asking (`forget`).
// What it begins from stands in given.mjs.

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { AREA_DRAFT, AREAS, NO_FIGURES, PREVIEW, SECTIONS } from './given.mjs';

export const TOKEN = 'one-time-token';
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
  "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const at = (ms) => ms * 16;
const where = ([track, ms]) => ({ track, start: at(ms) });

/** The secret of the made-up case system, which its server has and no browser. */
export const CASE_SYSTEM_KEY = 'a secret of the case system, 32 characters or more';

export class Fake {
  calls = new Map();
  /** Where the made-up case system's pages come from. */
  origins = [];
  /** And those of another case system, which may frame the pane but not with this one's codes. */
  othersOrigins = [];
  launches = new Map();
  bearers = new Map();
  bearerMs = 600_000;
  refuseLaunches = false;
  /** What was said that the open case does not have; `null`: nobody can say. */
  foreign = [];
  /** The bodies of what asked for that. */
  caseChecks = [];
  listeners = new Set();
  sockets = new Set();
  sessions = new Set();
  /** Every request that changed something: [method, path, status]. */
  asked = [];
  tokenUsed = false;
  down = false;
  /** When set, saving a note is answered with this status. */
  refuseNotes = null;
  refuseDiscard = false;
  /** Calls whose PC says nothing any more. */
  silent = new Set();
  areas = AREAS;
  /** What it says of correction times, by what is asked. */
  corrections = () => NO_FIGURES;
  refuseActivity = false;
  /** The status with which the draft of the sample call is refused. */
  refuseAreaDraft = null;
  /** Which PCs are there, call or none. */
  presence = { in_contact: 1, lost: 0, in_trouble: 0, state: 'idle', since_ms: 4_000 };
  #heartbeat = setInterval(() => this.#beat(), 2000).unref();
  #server = createServer((request, response) => {
    this.#answer(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });

  async listen(port = 0) {
    this.#server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    clearInterval(this.#heartbeat);
    this.#server.close();
    this.#cut();
  }

  goAway() {
    this.down = true;
    this.#cut();
  }

  comeBack() {
    this.down = false;
  }

  forget() {
    this.sessions.clear();
    this.#cut();
  }

  /** What every PC says every two seconds. */
  #beat() {
    for (const call of this.calls.values())
      if (call.agent !== null && !this.silent.has(call)) this.#fleeting(call, 'agent', call.agent);
  }

  #cut() {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Which PCs are there; a page that comes hears it at once. */
  there(changes) {
    this.presence = { in_contact: 0, lost: 0, in_trouble: 0, state: null, since_ms: null, ...changes };
    for (const stream of this.listeners) stream.write(there(this.presence));
  }

  // ---- what happens --------------------------------------------------------------------------------------------------

  begin({ caseId = '2026-114823', area = 'boligstøtte', agoMs = 0 } = {}) {
    const call = {
      id: randomUUID(),
      case_id: caseId,
      area,
      direction: 'incoming',
      state: 'live',
      status: 'listening',
      status_reason: null,
      started_ms: Date.now() - agoMs,
      started_utc_offset_s: 3600,
      ended_ms: null,
      duration_ms: null,
      language: 'da',
      sections: SECTIONS,
      utterances: [],
      gaps: [],
      not_transcribed: [],
      suppressed: [],
      draft: null,
      edit: null,
      notes: [],
      saves: new Map(),
      agent: { state: 'listening', since_ms: 0, near_level: 8, far_level: 8 },
      events: [],
      streams: new Set(),
    };
    this.calls.set(call.id, call);
    this.#emit(call, 'state', summary(call));
    return call;
  }

  say(call, track, startMs, text, endMs = startMs + 3000, more = {}) {
    const heard = { track, start: at(startMs), start_ms: startMs, end_ms: endMs, text };
    const said = { ...heard, probability: 0.9, words: [], ...more };
    call.utterances.push(said);
    this.#emit(call, 'utterance', said);
  }

  partial(call, track, startMs, text) {
    this.#fleeting(call, 'partial', { track, start_ms: startMs, text });
  }

  agent(call, state, near, far, sinceMs = 0) {
    call.agent = { state, since_ms: sinceMs, near_level: near, far_level: far };
    this.#fleeting(call, 'agent', call.agent);
  }

  gap(call, track, startMs, endMs, reason) {
    const gap = { track, start_ms: startMs, end_ms: endMs, reason };
    call.gaps.push(gap);
    this.#emit(call, 'gap', gap);
  }

  untold(call, track, startMs, endMs, reason) {
    const stretch = { track, start_ms: startMs, end_ms: endMs, reason };
    call.not_transcribed.push(stretch);
    this.#emit(call, 'not_transcribed', stretch);
  }

  suppress(call, track, startMs, text, reason) {
    const hole = { track, start_ms: startMs, end_ms: startMs + 2000, reason };
    call.suppressed.push({ ...hole, text });
    this.#emit(call, 'suppressed', hole);
  }

  turn(call, change) {
    Object.assign(call, change);
    this.#emit(call, 'state', summary(call));
  }

  hangUp(call, durationMs) {
    call.agent = null;
    const ended = { state: 'complete', status: 'drafting', ended_ms: Date.now(), duration_ms: durationMs };
    this.turn(call, ended);
  }

  draft(call, number = (call.draft?.number ?? 0) + 1, sections = undefined) {
    call.draft = {
      number,
      attempt: 1,
      state: 'streaming',
      failure: null,
      provisional: call.state !== 'complete',
      origin: null,
      sentences: [],
      first_sentence_ms: null,
      whole_ms: null,
      missing: [],
      uncertain: [],
    };
    if (sections !== undefined) call.sections = sections;
    this.#emit(call, 'draft_started', { number, attempt: 1, provisional: call.draft.provisional, sections });
  }

  /** A flag: what the guards say of some `words` of the sentence, or of all of it. */
  sentence(call, section, text, evidence = [], flags = [], confirm = null) {
    const { draft } = call;
    const sentence = {
      index: draft.sentences.length,
      section,
      text,
      evidence: evidence.map(where),
      flags: flags.map(({ kind, reason = null, words = text, said = '', evidence: says = [] }) => {
        const start = text.indexOf(words);
        return { kind, start, end: start + words.length, said, reason, evidence: says.map(where) };
      }),
      confirm,
    };
    draft.sentences.push(sentence);
    draft.first_sentence_ms ??= Date.now() - call.ended_ms;
    this.#emit(call, 'draft_sentence', { number: draft.number, attempt: draft.attempt, sentence });
  }

  finish(call, origin = { kind: 'llm', model: 'gemma-3-4b', trouble: null }, { missing = [], uncertain = [] } = {}) {
    Object.assign(call.draft, {
      state: 'ready',
      origin,
      whole_ms: 800,
      missing: missing.map(([kind, said, utterance, fact = '']) => ({ kind, fact, said, evidence: where(utterance) })),
      uncertain: uncertain.map(([utterance, word]) => ({ utterance: where(utterance), word })),
    });
    const { sentences, ...event } = call.draft;
    this.#emit(call, 'draft_finished', event);
    if (call.notes.length === 0) this.turn(call, { status: 'draft_ready' });
  }

  fail(call, failure) {
    Object.assign(call.draft, { state: 'failed', failure });
    this.#emit(call, 'draft_failed', { number: call.draft.number, failure });
    this.turn(call, { status: 'draft_failed', status_reason: failure });
  }

  /** Another window stores an edit. */
  elsewhere(call, sections) {
    call.edit = { revision: (call.edit?.revision ?? 0) + 1, draft: call.draft?.number ?? null, sections };
    this.#emit(call, 'edit_saved', { revision: call.edit.revision });
  }

  late(call, utterances) {
    this.#emit(call, 'late', { utterances });
  }

  // ---- how it is told ------------------------------------------------------------------------------------------------

  #emit(call, kind, data) {
    call.events.push({ id: call.events.length + 1, kind, data: JSON.stringify(data) });
    for (const stream of call.streams) stream.write(message(call.events.at(-1)));
    for (const stream of this.listeners) stream.write(`event: call\ndata: ${JSON.stringify(summary(call))}\n\n`);
  }

  #fleeting(call, kind, data) {
    for (const stream of call.streams) stream.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async #answer(request, response) {
    if (this.down) return response.destroy();
    const { pathname, searchParams } = new URL(request.url, 'http://fake');
    const send = (status, body, headers = {}) => {
      if (request.method !== 'GET') this.asked.push([request.method, pathname, status]);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const file = {
      '/': 'index.html',
      '/pane.js': 'pane.js',
      '/more.js': 'more.js',
      '/en.js': 'en.js',
      '/person.js': 'person.js',
      '/areas': 'areas.html',
      '/areas.js': 'areas.js',
      '/manager': 'manager.html',
      '/manager.js': 'manager.js',
      '/embed': 'embed.html',
      '/embed.js': 'embed.js',
      '/referent-pane.js': 'referent-pane.js',
    }[pathname];
    if (request.method === 'GET' && file !== undefined) {
      const type = file.endsWith('.html') ? 'text/html' : 'text/javascript';
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, ...this.#policies(pathname) });
      return response.end(await readFile(new URL(`../dist/${file}`, import.meta.url)));
    }
    const body = request.method === 'GET' ? null : JSON.parse(await read(request));
    if (pathname === '/v1/session' && request.method === 'GET') {
      return send(200, { person: null, roles: [], areas: null, until_ms: null, login: null });
    }
    if (pathname === '/v1/launch') return send(...this.#launch(request, body));
    if (pathname === '/v1/session' && body?.launch !== undefined) return send(...this.#begin(body));
    if (pathname === '/v1/session') {
      if (body.token !== TOKEN || this.tokenUsed) return send(401, problem(401));
      this.tokenUsed = true;
      const session = randomUUID();
      this.sessions.add(session);
      return send(204, undefined, { 'set-cookie': `referent=${session}; HttpOnly; SameSite=Strict; Path=/` });
    }
    const cookie = /referent=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (!this.sessions.has(cookie) && !this.#isBearer(request)) return send(401, problem(401));
    if (pathname === '/v1/calls') {
      const caseId = searchParams.get('case_id');
      const of = [...this.calls.values()].filter((call) => caseId === null || call.case_id === caseId);
      return send(200, { calls: of.map(summary).reverse() });
    }
    if (pathname === '/v1/areas') return send(200, { areas: this.areas });
    const [, tried] = /^\/v1\/areas\/([^/]+)\/preview$/.exec(pathname) ?? [];
    if (tried !== undefined) return send(200, PREVIEW);
    if (/^\/v1\/areas\/[^/]+\/preview\/draft$/.test(pathname)) {
      const refusal = this.refuseAreaDraft;
      return refusal === null ? send(200, AREA_DRAFT) : send(refusal, problem(refusal));
    }
    if (pathname === '/v1/metrics/corrections') return send(200, this.corrections(searchParams));
    if (pathname === '/v1/events') {
      this.#stream(response, this.listeners, []);
      return response.write(there(this.presence));
    }
    const [, id, rest] = /^\/v1\/calls\/([^/]+)(?:\/(.+))?$/.exec(pathname) ?? [];
    const call = this.calls.get(id);
    if (call === undefined) return send(404, problem(404));
    const match = /^"(\d+)"$/.exec(request.headers['if-match'] ?? '')?.[1];
    const over = match === undefined ? null : Number(match);
    switch (`${request.method} ${rest ?? ''}`) {
      case 'GET ':
        return send(200, detail(call));
      case 'GET events': {
        const after = Number(searchParams.get('after') ?? 0);
        return this.#stream(response, call.streams, call.events.slice(after));
      }
      case 'GET suppressed':
        return send(200, { suppressed: call.suppressed });
      case 'PUT edit': {
        if (over === null) return send(428, problem(428));
        if (over !== (call.edit?.revision ?? 0)) return send(412, { ...problem(412), current: call.edit });
        call.edit = { revision: over + 1, draft: body.draft, sections: body.sections };
        this.#emit(call, 'edit_saved', { revision: call.edit.revision });
        return send(200, { revision: call.edit.revision });
      }
      case 'GET notes':
        return send(200, { versions: call.notes });
      case 'POST notes': {
        if (this.refuseNotes !== null) return send(this.refuseNotes, problem(this.refuseNotes));
        if (over === null) return send(428, problem(428));
        if (call.saves.has(body.save_id)) return send(201, call.saves.get(body.save_id));
        const newest = call.notes.at(-1) ?? null;
        if (over !== (newest?.version ?? 0)) return send(412, { ...problem(412), current: newest });
        const correction = newest?.correction_ms ?? (call.shownMs === undefined ? null : Date.now() - call.shownMs);
        const kept = { id: newest?.id ?? randomUUID(), part: 1, version: over + 1, sections: body.sections };
        const note = { ...kept, saved_ms: Date.now(), correction_ms: correction };
        call.notes.push(note);
        call.confirmed = body.confirmed;
        call.saves.set(body.save_id, note);
        this.#emit(call, 'note_saved', note);
        this.turn(call, { status: 'saved' });
        return send(201, note);
      }
      case 'POST activity':
        if (this.refuseActivity) return send(503, problem(503));
        call.activity = [...(call.activity ?? []), body];
        return send(204);
      case 'POST draft/shown':
        call.shownMs ??= Date.now();
        return send(204);
      case 'POST draft/again':
        call.asked = body;
        this.draft(call, undefined, this.areas.find(({ id }) => id === body.area)?.settings?.sections);
        return send(202, {});
      case 'POST case-check':
        this.caseChecks.push(body);
        return this.foreign === null ? send(503, problem(503)) : send(200, { foreign: this.foreign });
      case 'POST pause':
      case 'POST resume':
        return send(202, { command: randomUUID() });
      case 'POST discard':
        if (this.refuseDiscard) return send(503, problem(503));
        this.turn(call, { state: 'discarded', status: 'discarded' });
        return send(200, { discarded_ms: Date.now(), note_kept: call.notes.length > 0, agent_done: false });
      default:
        return send(404, problem(404));
    }
  }

  // ---- a case system -------------------------------------------------------------------------------------------------

  #policies(pathname) {
    const all = pathname === '/embed' ? [...this.origins, ...this.othersOrigins] : [];
    const ancestors = all.length > 0 ? all.join(' ') : "'none'";
    const shared = pathname === '/referent-pane.js' ? { 'cross-origin-resource-policy': 'cross-origin' } : {};
    return { 'content-security-policy': `${POLICY}; frame-ancestors ${ancestors}`, ...shared };
  }

  #launch(request, body) {
    if (request.headers.authorization !== `Bearer ${CASE_SYSTEM_KEY}`) return [401, problem(401)];
    if (typeof body?.user !== 'string' || typeof body.case_id !== 'string') return [400, problem(400)];
    if (this.refuseLaunches) return [503, problem(503)];
    const code = randomUUID();
    const launch = { ...body, expires_ms: Date.now() + 60_000 };
    this.launches.set(code, launch);
    return [201, { code, expires_ms: launch.expires_ms }];
  }

  #begin({ launch: code, origin }) {
    const launch = this.launches.get(code);
    this.launches.delete(code);
    if (launch === undefined || launch.expires_ms < Date.now()) return [401, problem(401)];
    if (!this.origins.includes(origin)) return [403, { ...problem(403), type: 'urn:referent:problem:foreign-origin' }];
    const bearer = randomUUID();
    const expires = Date.now() + this.bearerMs;
    this.bearers.set(bearer, expires);
    return [201, { bearer, expires_ms: expires, case_id: launch.case_id }];
  }

  #isBearer({ headers }) {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    return (this.bearers.get(bearer) ?? 0) > Date.now();
  }

  /** Every bearer has run out, and every stream of one is closed. */
  expireBearers() {
    this.bearers.clear();
    this.#cut();
  }

  #stream(response, to, replay) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    for (const event of replay) response.write(message(event));
    to.add(response);
    const beat = setInterval(() => response.write(': beat\n\n'), 5_000);
    response.on('close', () => {
      clearInterval(beat);
      to.delete(response);
    });
  }
}

const there = (presence) => `event: agent\ndata: ${JSON.stringify(presence)}\n\n`;
const message = ({ id, kind, data }) => `id: ${id}\nevent: ${kind}\ndata: ${data}\n\n`;
const problem = (status) => ({ type: 'urn:referent:problem:test', title: 'A problem', status, detail: 'Made up.' });
const summary = (call) => {
  const { id, case_id, area, direction, state, status, status_reason } = call;
  const { started_ms, started_utc_offset_s, ended_ms, duration_ms, events } = call;
  const what = { id, case_id, area, direction, state, status, status_reason };
  return { ...what, started_ms, started_utc_offset_s, ended_ms, duration_ms, sequence: events.length };
};
const detail = (call) => {
  const { language, sections, utterances, gaps, not_transcribed, suppressed, draft, edit, notes, agent } = call;
  const said = { language, sections, utterances, gaps, not_transcribed, suppressed_count: suppressed.length };
  return { ...summary(call), ...said, draft, edit, note: notes.at(-1) ?? null, agent };
};
const read = async (request) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString() || 'null';
};
