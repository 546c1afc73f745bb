#!/usr/bin/env node
// Makes docs/images: the report page and the comment of the breaking example, in light, dark and at phone width, as a
// real browser draws them. The comment is rendered as GitHub does (GFM, github-markdown-css); its sanitizer is not here.
//   node scripts/pictures.mjs [directory]
// Needs Chromium, and what `npm run demo` needs. Run it after a change of a report, look at the pictures, commit them.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = resolve(process.argv[2] ?? join(root, 'docs', 'images'));
const browserPath = ['chromium', 'google-chrome', 'chromium-browser']
  .map((name) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).stdout.trim())
  .find((path) => path !== '');
if (browserPath === undefined) throw new Error('no Chromium on the PATH');

const work = mkdtempSync(join(tmpdir(), 'plugin-gate-pictures-'));
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const example = join(work, 'quickstart');
  cpSync(join(root, 'examples', 'quickstart'), example, { recursive: true });
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'dist', 'cli.cjs'), 'check', '--config', 'prebuilt-breaking.yml', '--report-directory', 'out'],
    { cwd: example, stdio: 'ignore', env: { PATH: process.env.PATH, HOME: work } },
  );
  if (status !== 1) throw new Error(`the breaking example ended with ${status}, not 1`);
  const css = readFileSync(createRequire(import.meta.url).resolve('github-markdown-css/github-markdown.css'), 'utf8');
  const comment = micromark(readFileSync(join(example, 'out', 'report.md'), 'utf8'), {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  writeFileSync(
    join(work, 'comment.html'),
    `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>${css}
    body { margin: 0; padding: 16px; background: #f6f8fa } @media (prefers-color-scheme: dark) { body { background: #010409 } }
    .markdown-body { max-width: 848px; margin: auto; padding: 16px; border: 1px solid #8888; border-radius: 6px; font-size: 14px }
    </style><article class="markdown-body">${comment}</article>`,
  );
  mkdirSync(target, { recursive: true });
  for (const [name, page, width, height, dark] of [
    ['report', join(example, 'out', 'report.html'), 1180, 1200, false],
    ['report-dark', join(example, 'out', 'report.html'), 1180, 1200, true],
    ['report-phone', join(example, 'out', 'report.html'), 390, 1000, false],
    ['comment', join(work, 'comment.html'), 920, 1100, false],
    ['comment-dark', join(work, 'comment.html'), 920, 1100, true],
    ['comment-phone', join(work, 'comment.html'), 390, 1000, false],
  ]) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' });
    const shown = await context.newPage();
    await shown.goto(`file://${page}`);
    await shown.screenshot({ path: join(target, `${name}.png`) });
    await context.close();
    console.log(join(target, `${name}.png`));
  }
} finally {
  await browser.close();
  rmSync(work, { recursive: true, force: true });
}
