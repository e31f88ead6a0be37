// Builds the pages (dist/index.html, dist/pane.js, with dist/en.js, dist/more.js and dist/person.js for who asks; areas, manager and
// embed likewise) and the host's element (dist/referent-pane.js), or with --tests the unit tests (dist-test/*.mjs).

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

/** A style sheet becomes a string: the page's content policy allows no inline style, but sheets made by the script. */
const styles = {
  name: 'styles',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

const common = { bundle: true, format: 'esm', target: 'es2022', logLevel: 'warning', plugins: [styles] };

if (process.argv.includes('--tests')) {
  const tests = (await readdir('test')).filter((name) => name.endsWith('.test.ts'));
  await rm('dist-test', { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: 'dist-test',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    sourcemap: 'inline',
  });
} else {
  await mkdir('dist', { recursive: true });
  await build({
    ...common,
    entryPoints: {
      pane: 'src/page.ts',
      more: 'src/more.ts',
      person: 'src/person.ts',
      en: 'src/catalogue/en.ts',
      areas: 'src/areas-page.ts',
      manager: 'src/manager-page.ts',
      embed: 'src/embed-page.ts',
    },
    outdir: 'dist',
    minify: true,
  });
  // Into a page of somebody else's: a plain script, which needs no CORS and leaves no names behind.
  await build({
    ...common,
    entryPoints: { 'referent-pane': 'src/host-element.ts' },
    format: 'iife',
    outdir: 'dist',
    minify: true,
  });
  // The pages differ by their script alone.
  const page = await readFile('src/page.html', 'utf8');
  for (const [name, script] of Object.entries({ index: 'pane', areas: 'areas', manager: 'manager', embed: 'embed' })) {
    await writeFile(`dist/${name}.html`, page.replace('/SCRIPT.js', `/${script}.js`));
  }
}
