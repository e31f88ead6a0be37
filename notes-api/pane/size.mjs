// What a browser has to fetch, packed as a server would send it; fails when it is more than 40 kB.

import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const LIMIT = 40_000;
let bytes = 0;
for (const file of ['index.html', 'pane.js']) {
  bytes += gzipSync(await readFile(new URL(`dist/${file}`, import.meta.url)), { level: 9 }).length;
}
process.stdout.write(`${(bytes / 1000).toFixed(1)} kB of ${LIMIT / 1000} kB\n`);
process.exitCode = bytes <= LIMIT ? 0 : 1;
