// A draft with one of everything that the guards can say.

import { talk } from './story.mjs';

export const TURNS = [
  ['far', 1_200, 'Goddag, det er Birthe. Jeg ringer, fordi min boligstøtte er stoppet.'],
  ['near', 6_400, 'Goddag Birthe. Er du flyttet for nylig?'],
  ['far', 9_800, 'Ja, den tredje maj, til en mindre lejlighed i Odense.'],
  ['far', 23_500, 'Og jeg får måske en lejer den første august, men det ved jeg ikke.'],
  ['far', 32_800, 'Den nye husleje er 6.450 kroner uden varme. Jeg bor alene.'],
  ['near', 40_100, 'Så upload lejekontrakten på borger.dk senest den 20. maj.'],
  ['near', 46_300, 'Du får støtten udbetalt den første bankdag i juni, og det er bevilget.'],
];

export const doubted = (fake, call) => {
  talk(fake, call, TURNS);
  fake.hangUp(call, 252_000);
  fake.draft(call);
  fake.sentence(call, 'reason', 'Borgeren ringer, fordi boligstøtten er stoppet.', [['far', 1_200]]);
  fake.sentence(
    call,
    'information',
    'Borgeren flyttede den 13. maj til Odense.',
    [['far', 9_800]],
    [{ kind: 'date', reason: 'other_value', words: 'den 13. maj', said: 'den tredje maj', evidence: [['far', 9_800]] }],
  );
  fake.sentence(
    call,
    'information',
    'Huslejen er 6.450 kroner uden varme.',
    [['far', 9_800]],
    [
      {
        kind: 'number',
        reason: 'said_elsewhere',
        words: '6.450 kroner',
        said: TURNS[4][2],
        evidence: [['far', 32_800]],
      },
    ],
  );
  fake.sentence(
    call,
    'information',
    'Borgeren får en lejer.',
    [['far', 23_500]],
    [{ kind: 'modality', reason: 'uncertain', said: TURNS[3][2], evidence: [['far', 23_500]] }],
  );
  fake.sentence(call, 'agreed', 'Borgeren uploader lejekontrakten på borger.dk.', [['near', 40_100]], [], 'commitment');
  fake.sentence(
    call,
    'agreed',
    'Ansøgningen er bevilget.',
    [['far', 32_800]],
    [{ kind: 'speaker', reason: 'not_theirs', words: 'er bevilget', evidence: [['far', 32_800]] }],
    'decision',
  );
  fake.finish(call, undefined, {
    missing: [
      ['date', 'den 20. maj', ['near', 40_100]],
      ['date', 'den første bankdag i juni', ['near', 46_300]],
      [null, TURNS[4][2], ['far', 32_800], 'household'],
    ],
    uncertain: [
      [['far', 9_800], 2],
      [['far', 32_800], 4],
      [['near', 46_300], 11],
    ],
  });
};
