// The sentences about mistakes in an area's file, in Danish and English, one for each kind that the server knows.
//
// In: a mistake with its code and arguments. Out: what the page says after the key and what stands there; so each goes on
// from there and has no full stop. Keys and the words of the file stand as the file has them. A kind that this page does
// not know, or one that is made of more than it was, is said in the server's English.

import type { Mistake, MistakeKind } from './areas-wire';
import type { Language } from './catalogue';

type Sentences = Readonly<Record<MistakeKind, (...parts: string[]) => string>>;

/** `a, b or c`. */
const oneOf = (choices: readonly string[], or: string): string =>
  choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} ${or} ${choices.at(-1)}`;

/** In quotation marks, as in the file, since `da` and `en` are Danish words as well. */
const quotedOneOf = (choices: readonly string[]): string =>
  oneOf(
    choices.map((choice) => `"${choice}"`),
    'eller',
  );

const da: Sentences = {
  no_toml: (said) => `kan ikke læses som TOML; ret eller fjern linjen (læserens forklaring, på engelsk: ${said})`,
  no_text: () => 'er ikke tekst; skriv det i anførselstegn',
  neither_true_nor_false: () => 'er hverken true eller false; skriv en af delene, uden anførselstegn',
  no_number: (least, most) => `er ikke et helt tal fra ${least} til ${most}; skriv sådan et`,
  no_list: () => 'er ikke en liste; skriv ["det ene", "det andet"]',
  no_table: (key) => `er ikke en tabel; skriv [${key}] og tabellens nøgler nedenunder`,
  no_list_of_tables: (key) => `er ikke en liste af tabeller; skriv [[${key}]] over hver af dem, i dobbelte klammer`,
  no_table_in_list: (key) => `er ikke en tabel; skriv [[${key}]] over dens nøgler`,
  unknown_key: (...keys) =>
    `er ikke en nøgle i denne version; ret den, eller fjern den (her kan stå: ${keys.join(', ')})`,
  missing: () => 'mangler; tilføj den',
  language_missing: () => 'mangler; skriv language = "da" eller language = "en"',
  choice_missing: (...choices) => `mangler; skriv ${quotedOneOf(choices)}`,
  cues_missing: () => 'mangler; skriv ord fra samtalen, som oplysningen kendes på',
  none_of_these: (...choices) => `er ikke en af mulighederne; skriv ${quotedOneOf(choices)}`,
  no_language_of_notes: () => 'er ikke et sprog, denne version skriver notater på; skriv "da" eller "en"',
  no_model_name: () => 'kan ikke være navnet på en model; skriv det navn, den har i pipelinens konfiguration',
  control_characters: () => 'indeholder styretegn; skriv almindelig tekst',
  too_long: (characters, most) => `er på ${characters} tegn; skriv højst ${most}`,
  pseudonyms_none_without_reason: () =>
    'sender navne og numre, som de er, til en sprogmodel, der ikke er myndighedens egen; skriv "identifiers" eller "full", eller skriv i pseudonyms_none_reason, hvorfor det er rigtigt',
  reason_for_nothing: () => 'begrunder ikke noget; en begrundelse skal kun stå sammen med pseudonyms = "none"',
  no_reason: () => 'er ikke en begrundelse; skriv i en sætning, hvilken aftale eller lov det hviler på',
  no_sections: () => 'er tom; skriv mindst én [[sections]] med id og heading',
  too_many: (count, most) => `er der ${count} af; skriv højst ${most}`,
  no_languages: () => 'er tom; skriv, hvad der tales, for eksempel ["da", "en"], eller fjern nøglen',
  too_many_languages: (most) => `er flere end ${most} sprog; behold dem, som borgerne faktisk taler`,
  unknown_language: () =>
    'er ikke et sprog, talegenkendelsen kender; skriv en kode på to bogstaver, for eksempel "da" eller "en"',
  language_twice: () => 'står der to gange; skriv hvert sprog én gang',
  no_word: () => 'er ikke et ord eller et navn; skriv hvert ord og navn for sig, uden kommaer',
  word_too_long: (most) => `er på mere end ${most} tegn; skriv ord og navne, ikke sætninger`,
  twice: () => 'står der to gange; én gang er nok',
  glossary_too_long: (most) =>
    `er på mere end ${most} tegn, og talegenkendelsen kan kun bruge omkring 550; behold de ord, der bliver hørt forkert`,
  no_cues: () => 'er tom; skriv ord fra samtalen, som oplysningen kendes på, for eksempel ["husleje*"]',
  too_many_cues: (most) => `er flere end ${most}; behold dem, der faktisk bliver sagt`,
  cue_too_long: (most) => `er på mere end ${most} tegn; skriv kun de ord, som oplysningen kendes på`,
  no_cue: () =>
    'er ikke noget, oplysningen kan kendes på; skriv hele ord, og brug * kun dér, hvor et ord må begynde eller slutte anderledes',
  no_id: (most) => `er ikke et id; brug a til z, 0 til 9 og _, højst ${most} tegn`,
  id_twice: () => 'står der to gange; hver skal have sit eget id',
  empty: () => 'er tom; skriv noget, eller fjern nøglen, hvis den må mangle',
  label_twice: () => 'står der to gange; både mennesker og sprogmodeller kender dem fra hinanden på de ord',
};

/** As the program says them. */
const en: Sentences = {
  no_toml: (said) => `${said}; correct or remove that line`,
  no_text: () => 'is no text; write it in quotation marks',
  neither_true_nor_false: () => 'is neither true nor false; write one of them, without quotation marks',
  no_number: (least, most) => `is no whole number from ${least} to ${most}; write one`,
  no_list: () => 'is no list; write ["one", "two"]',
  no_table: (key) => `is no table; write [${key}] and its keys below`,
  no_list_of_tables: (key) => `is no list of tables; write [[${key}]] above each, in double brackets`,
  no_table_in_list: (key) => `is no table; write [[${key}]] above its keys`,
  unknown_key: (...keys) => `is no key of this version; correct or remove it (here stand: ${keys.join(', ')})`,
  missing: () => 'is missing; write it',
  language_missing: () => 'is missing; write language = "da" or "en"',
  choice_missing: (...choices) => `is missing; write ${oneOf(choices, 'or')}`,
  cues_missing: () => 'is missing; write words of the call by which the fact is known',
  none_of_these: (...choices) => `is none of these; write ${oneOf(choices, 'or')}`,
  no_language_of_notes: () => 'is not a language of this version; write da or en',
  no_model_name: () => 'is no name of a model; write the one that the pipeline’s configuration gives it',
  control_characters: () => 'has control characters; write plain text',
  too_long: (characters, most) => `has ${characters} characters; write at most ${most}`,
  pseudonyms_none_without_reason: () =>
    'sends names and numbers as they are to a language model that is not local; write identifiers or full, or say in pseudonyms_none_reason why that is right',
  reason_for_nothing: () => 'is a reason for nothing; it stands only beside pseudonyms = "none"',
  no_reason: () => 'is no reason; write in a sentence which agreement or law it rests on',
  no_sections: () => 'is empty; write at least one [[sections]] with id and heading',
  too_many: (count, most) => `are ${count}; write at most ${most}`,
  no_languages: () => 'is empty; name what is spoken, for example ["da", "en"], or leave the key out',
  too_many_languages: (most) => `are more than ${most} languages; keep those that callers do speak`,
  unknown_language: () => 'is no language that recognisers know; write a code of two letters, such as da or en',
  language_twice: () => 'stands there twice; name each language once',
  no_word: () => 'is no word or name; write each one as an entry of its own, without commas',
  word_too_long: (most) => `has more than ${most} characters; write words and names, no sentences`,
  twice: () => 'stands there twice; once is enough',
  glossary_too_long: (most) =>
    `has more than ${most} characters, and recognisers take some 550; keep the words that are heard wrong`,
  no_cues: () => 'is empty; write words of the call by which the fact is known, for example ["husleje*"]',
  too_many_cues: (most) => `are more than ${most}; keep those that are said`,
  cue_too_long: (most) => `has more than ${most} characters; write the words that show it`,
  no_cue: () => 'is no cue; write whole words, and * only where a word may begin or end otherwise',
  no_id: (most) => `is no id; use a to z, 0 to 9 and _, at most ${most}`,
  id_twice: () => 'stands there twice; each needs an id of its own',
  empty: () => 'is empty; write it, or leave the key out where it may be missing',
  label_twice: () => 'stands there twice; people and models tell them apart by these words',
};

export const MISTAKE_SENTENCES: Readonly<Record<Language, Sentences>> = { da, en };

/** What is wrong and what to do, and the language that it is said in. */
export const saidOf = (
  { code, problem, arguments: parts }: Mistake,
  language: Language,
): { readonly sentence: string; readonly lang: Language } => {
  const say = code === null ? null : MISTAKE_SENTENCES[language][code];
  // A server of another version may make the sentence of something else: better English than a hole.
  if (say === null || parts.length < say.length) return { sentence: problem, lang: 'en' };
  return { sentence: say(...parts), lang: language };
};
