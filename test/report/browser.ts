import { execFileSync } from 'node:child_process';
import { afterAll, afterEach } from '@jest/globals';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { hasProgram } from '../support/needs.ts';

/** Debian calls it chromium; the runners of GitHub have google-chrome, and chromium in Ubuntu is a snap. */
const NAMES = ['chromium', 'google-chrome', 'chromium-browser'];

/** The browser of this machine, or the name to install. */
export const CHROMIUM = NAMES.find(hasProgram) ?? 'chromium';

let browser: Promise<Browser> | undefined;
let contexts: BrowserContext[] = [];

/** A page in a real headless Chromium, with what it asked for and complained about. */
export interface WatchedPage {
  readonly page: Page;
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

/** Opens HTML from a file, as a person does. The browser is shared by the tests of a file and closed after them. */
export async function openPage(
  file: string,
  options: { readonly width: number; readonly dark?: boolean; readonly script?: boolean },
): Promise<WatchedPage> {
  browser ??= chromium.launch({
    executablePath: execFileSync('sh', ['-c', 'command -v "$1"', 'sh', CHROMIUM], { encoding: 'utf8' }).trim(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const context = await (await browser).newContext({
    viewport: { width: options.width, height: 800 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    javaScriptEnabled: options.script ?? true,
  });
  contexts.push(context);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`file://${file}`);
  return { page, requests, complaints };
}

afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
});

afterAll(async () => {
  await (await browser)?.close();
});
