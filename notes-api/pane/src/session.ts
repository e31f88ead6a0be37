// Whose session it is, as the server says it, and with which word it sends back whom it did not let in.

import { BadMessage, record, textOrNull } from './wire/json';

/** Why the way to the provider and back ended without a session, as the server says it in the address. */
export const REASONS = ['provider', 'refused', 'again', 'token', 'level', 'role', 'name'] as const;
export type Reason = (typeof REASONS)[number];

export interface Session {
  /** Null: nobody is logged in. */
  readonly person: string | null;
  readonly roles: readonly string[];
  /** Where to log in; null: with the link that the program printed. */
  readonly login: string | null;
}

export const session = (body: unknown): Session => {
  const from = record(body, 'session');
  const login = textOrNull(from, 'login');
  // Where a browser is sent is a path of this server, whatever is answered.
  if (login !== null && !/^(\/[a-z0-9]+)+$/.test(login)) throw new BadMessage('login');
  const roles = Array.isArray(from.roles) ? from.roles.filter((role) => typeof role === 'string') : [];
  return { person: textOrNull(from, 'person'), roles, login };
};

/** With which word the server sent back whom it did not let in. */
export const reasonIn = (hash: string): Reason | null => {
  const word = new URLSearchParams(hash.replace(/^#/, '')).get('login');
  return REASONS.find((reason) => reason === word) ?? null;
};
