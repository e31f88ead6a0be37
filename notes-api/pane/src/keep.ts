// Typed text that the server does not have, kept by the browser until it does.
//
// In this window's session storage: it survives a reload and a new login, two windows do not share it, and closing the
// window erases it from the PC. A browser that gives no storage is no reason not to work.

import type { Kept } from './state';

const name = (call: string): string => `referent.kept.${call}`;

export const keep = (call: string, kept: Kept | null): void => {
  try {
    if (kept === null) sessionStorage.removeItem(name(call));
    else sessionStorage.setItem(name(call), JSON.stringify(kept));
  } catch {
    // Full or forbidden: the text still stands in the field and goes to the server.
  }
};

export const kept = (call: string): Kept | null => {
  try {
    return parsed(sessionStorage.getItem(name(call)));
  } catch {
    return null;
  }
};

/** What was stored, or null when it is none of ours. */
export const parsed = (stored: string | null): Kept | null => {
  if (stored === null) return null;
  const value: unknown = JSON.parse(stored);
  const sections = isRecord(value) && isRecord(value.sections) ? value.sections : null;
  if (sections === null) return null;
  const found = Object.entries(sections).flatMap(([id, section]) => {
    if (!isRecord(section) || typeof section.text !== 'string') return [];
    return [[id, { text: section.text, stored: typeof section.stored === 'string' ? section.stored : null }] as const];
  });
  return { sections: Object.fromEntries(found) };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
