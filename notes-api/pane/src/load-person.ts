// Fetches what is said about people who log in (person.ts): only where there is a login.

export type Who = typeof import('./person');

/** Null: it did not come. */
export const loadPerson = async (): Promise<Who | null> => {
  try {
    // A name that is not written out stays a file of its own, beside this script.
    return (await import(new URL('person.js', import.meta.url).href)) as Who;
  } catch {
    return null;
  }
};
