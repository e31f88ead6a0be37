// What a reload finds again: the language, in the address; the call that is shown, in this window's own history. Neither says anything
// of anybody, and nothing goes to the browser's storage: a page opened anew begins in the browser's language.

export const rememberedLanguage = (): string => new URLSearchParams(location.search).get('lang') ?? navigator.language;

export const rememberLanguage = (language: string): void => {
  const address = new URL(location.href);
  address.searchParams.set('lang', language);
  history.replaceState(history.state, '', address);
};

export const rememberedCall = (): string | null => {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && 'call' in state && typeof state.call === 'string'
    ? state.call
    : null;
};

export const rememberCall = (call: string): void => history.replaceState({ call }, '');
