// Who is logged in: their name, the way in and out, and a code that connects their PC.
//
// In: the session, and why somebody was not let in. Out: a line for the head of the list, and what stands in the place of a call for somebody who is not logged in. A server
// without a login has no line, and its page does not fetch this. Not done here: nothing is checked (the server does), and a code is kept nowhere.

import { type Api, ApiError } from './api';
import { CATALOGUES, type Language } from './catalogue';
import { button, type Child, draw, el } from './dom';
import css from './person.css';
import { PERSON_WORDS } from './person-catalogue';
import { type Reason, type Session, session } from './session';
import { clock } from './time';
import { number, record, text } from './wire/json';

let isStyled = false;

/** The page's own sheets are there before; this one comes with the first that needs it. */
const styled = (): void => {
  if (isStyled) return;
  isStyled = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
};

/** What somebody sees who is not logged in. */
export const logInFirst = (login: string, why: Reason | 'logged_out' | null, language: Language): readonly Child[] => {
  styled();
  const words = PERSON_WORDS[language];
  const said = why === null ? words.logInFirst : why === 'logged_out' ? words.loggedOut : words.notIn[why];
  return [el('span', {}, said), el('a', { class: 'log-in', href: login }, words.logIn)];
};

/** Why a page has nothing to show, and where to log in, if that helps. */
export interface Shut {
  readonly kind: 'shut';
  readonly why: 'sign_in' | 'not_allowed' | 'away';
  readonly login: string | null;
}

export const shutBy = async (error: unknown, api: Api): Promise<Shut> => {
  const problem = error instanceof ApiError ? error.problem : 'server';
  if (problem === 'not_allowed') return { kind: 'shut', why: 'not_allowed', login: null };
  if (problem !== 'unauthorised') return { kind: 'shut', why: 'away', login: null };
  const asked = await api.get('/v1/session').then(session, () => null);
  return { kind: 'shut', why: 'sign_in', login: asked?.login ?? null };
};

/** The sentence of a page that is shut; `away` is its own. */
export const shutWords = ({ why, login }: Shut, away: string, language: Language): HTMLElement => {
  const notice = (...inside: readonly Child[]): HTMLElement => el('p', { class: 'notice', role: 'status' }, ...inside);
  if (why === 'away') return notice(away);
  if (why === 'not_allowed') return notice(PERSON_WORDS[language].noAccess);
  return login === null ? notice(CATALOGUES[language].signIn) : notice(...logInFirst(login, null, language));
};

type Said =
  | { readonly kind: 'nothing' | 'notConnected' | 'allRefused' | 'noAuthority' | 'notOut' }
  | { readonly kind: 'code'; readonly code: string; readonly untilMs: number };

/** The line with the name, and what belongs to it. */
export class PersonLine {
  readonly element = el('div', { class: 'person' });
  readonly #api: Api;
  readonly #leaving: () => Promise<void>;
  readonly #left: () => void;
  #session: Session | null = null;
  #language: Language = 'da';
  #said: Said = { kind: 'nothing' };

  /** `leaving` ends when what was typed is with the server, or cannot be; `left` is told when the session has ended. */
  constructor(api: Api, { leaving, left }: { leaving: () => Promise<void>; left: () => void }) {
    styled();
    this.#api = api;
    this.#leaving = leaving;
    this.#left = left;
  }

  show(session: Session | null, language: Language): void {
    this.#session = session;
    this.#language = language;
    this.#draw();
  }

  #draw(): void {
    const words = PERSON_WORDS[this.#language];
    const { person = null, roles = [], login = null } = this.#session ?? {};
    this.element.hidden = person === null || login === null;
    draw(this.element, [this.#language, person, roles, this.#said], () => {
      if (person === null) return [];
      const may = (role: string): boolean => roles.includes(role);
      return [
        el('span', { class: 'name' }, words.loggedInAs(person)),
        el(
          'span',
          { class: 'ways' },
          may('caseworker') && button(words.connect, () => void this.#connect(), { 'data-focus': 'connect' }),
          (may('team_lead') || may('administrator')) && el('a', { href: '/manager' }, words.figures),
          (may('team_lead') || may('administrator')) && el('a', { href: '/areas' }, words.areas),
          button(words.logOut, () => void this.#leave(), { 'data-focus': 'leave' }),
        ),
        this.#drawSaid(),
      ];
    });
  }

  #drawSaid(): Child {
    const words = PERSON_WORDS[this.#language];
    const said = this.#said;
    if (said.kind === 'nothing') return null;
    const inside: readonly Child[] =
      said.kind === 'code'
        ? [
            el('b', {}, words.code),
            el('code', {}, said.code),
            el('span', {}, words.codeUntil(clock(said.untilMs, -new Date(said.untilMs).getTimezoneOffset() * 60))),
            el('span', {}, words.connectHint),
          ]
        : [el('span', {}, words[said.kind])];
    const close = button(words.close, () => this.#say({ kind: 'nothing' }), { 'data-focus': 'close' });
    return el('div', { class: 'said', role: 'status' }, ...inside, close);
  }

  #say(said: Said): void {
    this.#said = said;
    this.#draw();
  }

  async #connect(): Promise<void> {
    try {
      const { status, body } = await this.#api.post('/v1/enrolments', [403, 404, 409]);
      if (status !== 201) return this.#say({ kind: status === 409 ? 'allRefused' : 'noAuthority' });
      const from = record(body, 'enrolment');
      this.#say({ kind: 'code', code: text(from, 'code'), untilMs: number(from, 'expires_ms') });
    } catch {
      this.#say({ kind: 'notConnected' });
    }
  }

  async #leave(): Promise<void> {
    try {
      await this.#leaving();
      const farewell = await this.#api.endSession();
      this.#said = { kind: 'nothing' };
      this.#left();
      if (farewell !== null) location.assign(farewell);
    } catch {
      // Who is told that they are out must be out.
      this.#say({ kind: 'notOut' });
    }
  }
}
