// The figures of the frame in a case system: what hostile pages and frames sent, how much of it had an effect, how long the page
// is that holds the pane.
//
// Out: one line of JSON on standard output; `make bench-embed` writes it down. A step that goes wrong ends it with an error.

import { samplePage } from './host.mjs';
import { among, atTheFrame, atTheHost } from './hostile-host.mjs';
import { theEnd } from './story.mjs';

const sides = [];
await among('at-the-frame', async (told) => sides.push(await atTheFrame(told)));
await among('at-the-host', async (told) => sides.push(await atTheHost(told)));
await theEnd();
if (sides.length < 2) throw new Error('not measured: a story went wrong');
const sum = (of) => sides.reduce((all, side) => all + of(side), 0);
const figures = {
  sent: sum(({ sent }) => sent),
  accepted: sum(({ accepted }) => accepted),
  kinds: sum(({ kinds }) => kinds.length),
  host_page_lines: samplePage().trimEnd().split('\n').length,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
