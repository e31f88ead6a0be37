// Every word of the frame around the pane, in Danish and English.

import type { Offer } from './case-calls';
import type { Foreign } from './case-check';
import type { Language } from './catalogue';
import { intoCall } from './time';

type Words = readonly [string, string];

interface EmbedWords {
  onTop: Words;
  toCalls: string;
  waiting: string;
  opening: string;
  silent: Words;
  retry: string;
  foreignOrigin: Words;
  noCase: Words;
  noCalls: (caseId: string) => Words;
  calls: (count: number) => string;
  where: (caseId: string | null) => string;
  offer: Record<Offer['kind'], (where: string) => string>;
  show: string;
  stranger: (caseId: string | null, open: string) => string;
  back: (open: string) => string;
  unsent: (open: string | null) => Words;
  leaveAnyway: string;
  wrongCase: {
    checking: string;
    warning: (caseId: string | null, open: string) => Words;
    foreign: (numbers: readonly Foreign[], open: string) => Words;
    unchecked: (open: string) => Words;
    save: (caseId: string | null) => string;
    leave: string;
  };
}

const MOST_NUMBERS = 3;
/** The first few of them, with who said each and when; `more` says how many are left. */
const listed = (numbers: readonly Foreign[], who: Record<Foreign['track'], string>, more: (left: number) => string) => {
  const told = numbers
    .slice(0, MOST_NUMBERS)
    .map(({ kind, said, track, startMs }) => `${kind.toUpperCase()} ${said} (${who[track]}, ${intoCall(startMs)})`);
  const left = numbers.length - told.length;
  return [...told, ...(left > 0 ? [more(left)] : [])].join('; ');
};
const isNear = ({ differsIn }: Foreign): boolean => differsIn === 1;

const da: EmbedWords = {
  onTop: ['Denne side hører til inde i et fagsystem.', 'Åbn sagen i fagsystemet; så viser den samtalen ved siden af.'],
  toCalls: 'Se samtalerne uden fagsystem',
  waiting: 'Venter på fagsystemet …',
  opening: 'Åbner …',
  silent: [
    'Fagsystemet svarer ikke.',
    'Prøv igen, eller luk sagen og åbn den på ny. Det, du har skrevet, står her, så længe siden er åben.',
  ],
  retry: 'Prøv igen',
  foreignOrigin: [
    'Dette fagsystem må ikke vise samtaler.',
    'Sig det til driften: fagsystemets adresse står ikke på listen i Referents opsætning.',
  ],
  noCase: ['Ingen sag er åben.', 'Åbn en sag i fagsystemet; så vises samtalen her.'],
  noCalls: (caseId) => [`Der er ingen samtaler på sag ${caseId}.`, 'En ny samtale på sagen vises her af sig selv.'],
  calls: (count) => `Samtaler på sagen (${count})`,
  where: (caseId) => (caseId === null ? 'en samtale uden sag' : `sag ${caseId}`),
  offer: {
    unsaved: (where) => `Du har tekst på ${where}, der ikke er gemt som notat.`,
    live: (where) => `Samtale i gang: ${where}.`,
    new: (where) => `Ny samtale på ${where}.`,
  },
  show: 'Vis',
  stranger: (caseId, open) =>
    caseId === null
      ? `Denne samtale hører ikke til nogen sag. Åben sag: ${open}.`
      : `Denne samtale hører til sag ${caseId}. Åben sag: ${open}.`,
  back: (open) => `Tilbage til sag ${open}`,
  unsent: (open) => [
    open === null ? 'Sagen er lukket i fagsystemet.' : `Fagsystemet har åbnet sag ${open}.`,
    'Den sidste tekst her er ikke nået frem til serveren endnu.',
  ],
  leaveAnyway: 'Skift alligevel',
  wrongCase: {
    warning: (caseId, open) =>
      caseId === null
        ? [
            `Samtalen hører ikke til nogen sag, men sag ${open} er åben.`,
            'Notatet bliver gemt på samtalen, og ikke på den åbne sag.',
          ]
        : [
            `Samtalen hører til sag ${caseId}, men sag ${open} er åben.`,
            `Notatet bliver gemt på sag ${caseId}. Se efter, at det er den rigtige.`,
          ],
    checking: 'Ser efter, om samtalen hører til sagen …',
    foreign: (numbers, open) => [
      `${numbers.length === 1 ? 'Der blev sagt et nummer' : 'Der blev sagt numre'}, som sag ${open} ikke har: ${listed(
        numbers,
        { near: 'dig', far: 'borgeren' },
        (left) => `og ${left} til`,
      )}.`,
      `Se efter, at samtalen hører til sag ${open}.${numbers.some(isNear) ? ' Et ciffer kan være hørt forkert.' : ''}`,
    ],
    unchecked: (open) => [
      `Serveren kunne ikke se efter, om samtalen hører til sag ${open}.`,
      'Se selv efter, eller vent lidt og gem igen.',
    ],
    save: (caseId) => (caseId === null ? 'Gem uden sag' : `Gem på sag ${caseId}`),
    leave: 'Gem ikke',
  },
};

const en: EmbedWords = {
  onTop: ['This page belongs inside a case system.', 'Open the case in the case system; it shows the call beside it.'],
  toCalls: 'See the calls without a case system',
  waiting: 'Waiting for the case system …',
  opening: 'Opening …',
  silent: [
    'The case system does not answer.',
    'Try again, or close the case and open it anew. What you have typed stands here as long as the page is open.',
  ],
  retry: 'Try again',
  foreignOrigin: [
    'This case system may not show calls.',
    'Tell the administrators: its address is not on the list in Referent’s configuration.',
  ],
  noCase: ['No case is open.', 'Open a case in the case system; the call is shown here then.'],
  noCalls: (caseId) => [`There are no calls of case ${caseId}.`, 'A new call of the case shows itself here.'],
  calls: (count) => `Calls of the case (${count})`,
  where: (caseId) => (caseId === null ? 'a call without a case' : `case ${caseId}`),
  offer: {
    unsaved: (where) => `You have text on ${where} that is not saved as a note.`,
    live: (where) => `A call goes on: ${where}.`,
    new: (where) => `New call of ${where}.`,
  },
  show: 'Show',
  stranger: (caseId, open) =>
    caseId === null
      ? `This call belongs to no case. Open case: ${open}.`
      : `This call belongs to case ${caseId}. Open case: ${open}.`,
  back: (open) => `Back to case ${open}`,
  unsent: (open) => [
    open === null ? 'The case was closed in the case system.' : `The case system has opened case ${open}.`,
    'The last text here has not reached the server yet.',
  ],
  leaveAnyway: 'Change anyway',
  wrongCase: {
    warning: (caseId, open) =>
      caseId === null
        ? [
            `The call belongs to no case, but case ${open} is open.`,
            'The note is saved with the call, and not with the open case.',
          ]
        : [
            `The call belongs to case ${caseId}, but case ${open} is open.`,
            `The note is saved with case ${caseId}. Make sure that it is the right one.`,
          ],
    checking: 'Looking whether the call belongs to the case …',
    foreign: (numbers, open) => [
      `${numbers.length === 1 ? 'A number was said' : 'Numbers were said'} that case ${open} does not have: ${listed(
        numbers,
        { near: 'you', far: 'the citizen' },
        (left) => `and ${left} more`,
      )}.`,
      `Make sure that the call belongs to case ${open}.${numbers.some(isNear) ? ' One digit may be misheard.' : ''}`,
    ],
    unchecked: (open) => [
      `The server could not look whether the call belongs to case ${open}.`,
      'Look for yourself, or wait a little and save again.',
    ],
    save: (caseId) => (caseId === null ? 'Save without a case' : `Save with case ${caseId}`),
    leave: 'Do not save',
  },
};

export const EMBED_WORDS: Readonly<Record<Language, EmbedWords>> = { da, en };
