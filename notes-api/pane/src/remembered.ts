// What a browser remembers for the next page: the language, for good; the call that is shown, for this window. Neither is
// spoken text, and a browser that keeps nothing is no worse off than a new one.

type What = 'language' | 'call';

const store = (what: What): Storage => (what === 'language' ? localStorage : sessionStorage);

export const remembered = (what: What): string | null => {
  try {
    return store(what).getItem(`referent.${what}`);
  } catch {
    return null;
  }
};

export const remember = (what: What, value: string): void => {
  try {
    store(what).setItem(`referent.${what}`, value);
  } catch {
    // The next page begins with the newest call, in the browser's language.
  }
};
