// Every word about who is logged in, in Danish and English.

import type { Language } from './catalogue';
import type { Reason } from './session';

interface PersonWords {
  logIn: string;
  logInFirst: string;
  notIn: Readonly<Record<Reason, string>>;
  logOut: string;
  loggedOut: string;
  loggedInAs: (name: string) => string;
  figures: string;
  areas: string;
  connect: string;
  connectHint: string;
  code: string;
  codeUntil: (clock: string) => string;
  close: string;
  notOut: string;
  notConnected: string;
  allRefused: string;
  noAuthority: string;
  noAccess: string;
}

export const PERSON_WORDS: Readonly<Record<Language, PersonWords>> = {
  da: {
    logIn: 'Log ind',
    logInFirst: 'Log ind for at se dine opkald. Du bliver sendt til din arbejdsplads’ login og kommer tilbage hertil.',
    notIn: {
      provider: 'Login svarer ikke, som det skal. Prøv igen om lidt; hjælper det ikke, så kontakt jeres it-afdeling.',
      refused: 'Du blev ikke logget ind: login blev afbrudt eller afvist. Prøv igen.',
      again: 'Login tog for lang tid eller blev begyndt i et andet vindue. Prøv igen.',
      token: 'Svaret fra login kan ikke bruges her. Kontakt jeres it-afdeling, hvis det sker igen.',
      level:
        'Du er logget ind på et for lavt sikringsniveau. Log ind på den måde, din arbejdsplads kræver til fortrolige sager.',
      role: 'Du har ikke adgang til Referent. Bed din leder eller jeres it-afdeling om en rolle.',
      name: 'Login siger ikke, hvem du er, på en måde, som Referent kan bruge. Kontakt jeres it-afdeling.',
    },
    logOut: 'Log ud',
    loggedOut: 'Du er logget ud.',
    loggedInAs: (name) => `Logget ind som ${name}`,
    figures: 'Rettetider',
    areas: 'Områder',
    connect: 'Tilslut denne pc',
    connectHint:
      'Skriv koden på den pc, som du ringer fra, når Referent spørger om den (»referent-agent enrol«). Den kan bruges én gang, og pc’ens opkald bliver dine.',
    code: 'Kode til pc’en',
    codeUntil: (clock) => `Gælder til kl. ${clock}`,
    close: 'Luk',
    notOut: 'Du er ikke logget ud: der er ingen kontakt til Referents server. Prøv igen.',
    notConnected: 'Der kom ingen kode. Prøv igen.',
    allRefused: 'Dine pc’er er spærret. Kontakt jeres it-afdeling.',
    noAuthority: 'Her tilslutter it-afdelingen pc’erne. Kontakt dem.',
    noAccess: 'Din rolle giver ikke adgang til denne side.',
  },
  en: {
    logIn: 'Log in',
    logInFirst: 'Log in to see your calls. You are sent to your workplace’s login and come back here.',
    notIn: {
      provider:
        'The login does not answer as it should. Try again in a moment; if that does not help, ask your IT department.',
      refused: 'You were not logged in: the login was broken off or refused. Try again.',
      again: 'The login took too long or was begun in another window. Try again.',
      token: 'What the login answered cannot be used here. Ask your IT department if it happens again.',
      level:
        'You are logged in at too low a level of assurance. Log in the way your workplace asks for with confidential cases.',
      role: 'You have no access to Referent. Ask your manager or your IT department for a role.',
      name: 'The login does not say who you are in a way that Referent can use. Ask your IT department.',
    },
    logOut: 'Log out',
    loggedOut: 'You are logged out.',
    loggedInAs: (name) => `Logged in as ${name}`,
    figures: 'Correction times',
    areas: 'Areas',
    connect: 'Connect this PC',
    connectHint:
      'Type the code on the PC that you make calls from, when Referent asks for it (“referent-agent enrol”). It is good once, and the PC’s calls become yours.',
    code: 'Code for the PC',
    codeUntil: (clock) => `Good until ${clock}`,
    close: 'Close',
    notOut: 'You are not logged out: there is no contact with Referent’s server. Try again.',
    notConnected: 'No code came. Try again.',
    allRefused: 'Your PCs are locked out. Ask your IT department.',
    noAuthority: 'PCs are connected by the IT department here. Ask them.',
    noAccess: 'Your role gives no access to this page.',
  },
};
