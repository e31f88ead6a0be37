import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api } from '../src/api';
import type { Attendance } from '../src/attendance';
import type { Event, State } from '../src/state';
import { next } from '../src/state';
import type { Edit } from '../src/wire';
import { Writing } from '../src/writing';
import { after, call, text, typed } from './given';

/** A server that has one edit, and takes a write only over its own revision. */
class Server extends Api {
  writes = 0;

  constructor(public edit: Edit) {
    super();
  }

  override async storeEdit(_: string, edit: Edit): ReturnType<Api['storeEdit']> {
    this.writes += 1;
    if (edit.revision !== this.edit.revision) return { kind: 'elsewhere', current: this.edit };
    this.edit = { ...edit, revision: edit.revision + 1 };
    return { kind: 'stored', value: this.edit };
  }
}

test('text is settled over what another page stored: the server has both when it ends', async () => {
  const table = [
    { theirs: { reason: 'Deres.' }, mine: { reason: 'Deres.', agreed: 'Mit.' } },
    { theirs: { agreed: 'Deres.' }, mine: { agreed: 'Deres.\nMit.' } },
  ];
  for (const { theirs, mine } of table) {
    const server = new Server({ revision: 4, draft: null, sections: theirs });
    let state: State = after(call(), typed('agreed', 'Mit.'));
    const desk = {
      api: server,
      attendance: {} as Attendance,
      get state() {
        return state;
      },
      happened: (event: Event) => {
        state = next(state, event);
      },
      tell: () => undefined,
    };
    const writing = new Writing(desk, new AbortController().signal);
    await writing.settle();
    for (const [section, words] of Object.entries(mine)) assert.equal(server.edit.sections[section], words);
    assert.equal(writing.isOpen, false);
    assert.equal(server.writes, 2);
    assert.equal(state.kind === 'shown' && text(state, 'agreed'), 'Mit.');
  }
});
