import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Messages } from '../src/sse';

const STREAM =
  ': hello\n\nid: 1\nevent: utterance\ndata: {"a":1}\n\ndata: one\r\ndata: two\r\n\r\n: beat\n\nid: 2\nevent: gap\ndata:{}\n\n';
const EXPECTED = [
  { id: '1', event: 'utterance', data: '{"a":1}' },
  { id: '', event: '', data: 'one\ntwo' },
  { id: '2', event: 'gap', data: '{}' },
];

test('a stream cut anywhere gives the same messages', () => {
  for (let first = 0; first <= STREAM.length; first += 1) {
    for (const second of [first, Math.min(STREAM.length, first + 1), STREAM.length]) {
      const messages = new Messages();
      const pieces = [STREAM.slice(0, first), STREAM.slice(first, second), STREAM.slice(second)];
      assert.deepEqual(
        pieces.flatMap((piece) => messages.push(piece)),
        EXPECTED,
        `cut at ${first} and ${second}`,
      );
    }
  }
});

test('a message that is not whole is not given', () => {
  assert.deepEqual(new Messages().push('id: 1\ndata: half'), []);
});
