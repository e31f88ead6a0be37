// Characters that show nothing but change how a text reads: controls, turns of direction, blanks without width. Pure.
//
// In: text that somebody said, wrote or sent. Out: the same with each such character by its number, where a text is only read;
// where one is written, which they are, so that they can be pointed out and taken away. Line breaks and tabs are none of them,
// nor is the joiner within a picture of several people.

/** Controls, formats and separators of lines that are no line breaks here; the joiner; what Unicode calls ignorable letters. */
const ODD =
  /(?![\t\n\r\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\u17b4|\u17b5|(?<!\p{Extended_Pictographic}|\ufe0f|[\u{1f3fb}-\u{1f3ff}])\u200d/gu;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

export const oddOf = (text: string): readonly string[] => [...new Set(text.match(ODD) ?? [])].map(named);

export const withoutOdd = (text: string): string => text.replace(ODD, '');

/** Where they stand. */
export const oddPlaces = (text: string): readonly number[] => [...text.matchAll(ODD)].map(({ index }) => index);

export const visible = (text: string): string => text.replace(ODD, named);

/** The same within a sentence of ours: what is written from right to left turns nothing around it. */
export const within = (text: string): string =>
  RIGHT_TO_LEFT.test(text) ? `\u2068${visible(text)}\u2069` : visible(text);

const named = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
