import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { GateReport } from '../../src/gate/report.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { linksOf } from '../../src/report/links.ts';
import { describeWith } from '../support/needs.ts';
import { workspace } from '../support/workspace.ts';
import { CHROMIUM, openPage } from './browser.ts';
import { manyFindings, SAMPLES, type SampleName, sample } from './samples.ts';

const root = workspace();
let files = 0;

function fileOf(report: GateReport): string {
  files += 1;
  const file = join(root, `${files}.html`);
  writeFileSync(file, renderHtml(report, { links: linksOf(report) }));
  return file;
}

const openSample = (name: SampleName, width = 1100, more = {}) => openPage(fileOf(sample(name)), { width, ...more });

describeWith([CHROMIUM], 'the HTML page in a browser', () => {
  it.each(SAMPLES)('asks for nothing, complains about nothing and fits 360 pixels: %s', async (name) => {
    const { page, requests, complaints } = await openSample(name, 360);
    await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
    expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
    expect(requests.filter((url) => url.startsWith('file:'))).toHaveLength(1);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('runs no script of a hostile report, and makes no element of its names', async () => {
    const { page } = await openSample('hostile');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.title()).toBe('Fail: plugin-gate · acme/plugins');
    expect(await page.locator('img, iframe, object, embed, base, [onerror], [style]').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(1);
    const links = await page.locator('a').evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''));
    expect(links.filter((link) => !/^#\w+$|^https:\/\/github\.com\/acme\/plugins\/blob\//.test(link))).toEqual([]);
    const text = (await page.locator('body').textContent()) ?? '';
    expect(text).toContain('](http://evil.example) @everyone ::set-output name=a::b');
    expect(text).toContain('<script>window.pwned=1</script>');
    expect(text).toContain('\\u202egnp.exe');
    expect(text).not.toContain('\u202e');
  });

  it('would not run a script that got in: the policy names its own script and style alone', async () => {
    const file = fileOf(sample('passing'));
    const html = renderHtml(sample('passing')).replace(
      '</main>',
      '<script>window.pwned = 1</script><p style="color:red" onclick="1">x</p></main>',
    );
    writeFileSync(file, html);
    const { page, complaints } = await openPage(file, { width: 1100 });
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(complaints.join(' ')).toMatch(/Content Security Policy/i);
  });

  it('shows plugins and steps as a table that assistive programs can read', async () => {
    const { page } = await openSample('failing');
    const rows = await page
      .getByRole('table')
      .getByRole('row')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell.textContent ?? '').trim().replace(/\s+/g, ' '))),
      );
    expect(rows[0]).toEqual(['Plugin', 'build', 'read', 'compare', 'fit', 'verify', 'load', 'Compared', 'Size']);
    expect(rows[1]).toEqual([
      'greet linux/amd64',
      'pass',
      'pass',
      'fail',
      'fail',
      'pass',
      'pass',
      'breaking',
      '190 KiB +31 %',
    ]);
    expect(rows[6]).toEqual([
      'audit-log linux/arm64',
      'fail',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      '–',
      '–',
    ]);
    expect(rows).toHaveLength(7);
    const phone = await openSample('failing', 360);
    expect(await phone.page.getByRole('table').getByRole('row').count()).toBe(7);
  });

  it('shows findings with place, change, path and fix, worst first and open', async () => {
    const { page } = await openSample('failing');
    expect(await page.locator('section.group h3').allTextContents()).toEqual([
      'Errors 7',
      'Undecided 1',
      'Warnings 6',
      'Notes 2',
      'Waived 1',
    ]);
    const finding = page.locator('details.finding', { hasText: 'sym/object-size-changed' });
    expect(await finding.getAttribute('open')).not.toBeNull();
    expect(await finding.locator('a').getAttribute('href')).toBe(
      'https://github.com/acme/plugins/blob/4f9d2c81b7e05a3366c1d8f20e9b7a5d41c6e8f0/include/greet/options.h#L18',
    );
    expect(await finding.locator('del, ins').allTextContents()).toEqual(['old: 24 bytes', 'new: 40 bytes']);
    expect(await finding.locator('.path li').allTextContents()).toEqual([
      'greet_defaults',
      'struct greet_options',
      'struct greet_style',
      'member flags',
    ]);
    expect(await finding.locator('pre').textContent()).toContain('← grew');
    expect(await page.locator('details.finding.is-warning[open]').count()).toBe(0);
  });

  it('draws sizes and oldest systems', async () => {
    const { page } = await openSample('failing');
    expect(await page.locator('#h-sizes ~ .cards .card').count()).toBe(5);
    const grown = await page.locator('#h-sizes ~ .cards .card').first().locator('rect.grew').first().boundingBox();
    expect(grown?.width).toBeGreaterThan(10);
    expect(await page.locator('.oldest').allTextContents()).toContain('From Debian 13, Ubuntu 24.04, RHEL 10.');
    expect(await page.locator('.timeline').first().locator('circle.loads').count()).toBe(4);
  });

  it('filters, opens all, and works from the keyboard', async () => {
    const { page } = await openSample('failing');
    const shown = page.locator('details.finding:visible');
    const all = await shown.count();
    await page.getByRole('searchbox').fill('relro');
    await page.locator('#hits', { hasText: `1 of ${all}` }).waitFor();
    expect(await shown.count()).toBe(1);
    await page.getByRole('searchbox').fill('');
    await page.locator('#hits:empty').waitFor({ state: 'attached' });
    expect(await shown.count()).toBe(all);
    await page.getByRole('button', { name: 'Open all' }).click();
    expect(await page.locator('details.finding[open]').count()).toBe(all);
    const summary = page.locator('details.finding > summary').first();
    await summary.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('details.finding[open]').count()).toBe(all - 1);
  });

  it('is readable without script', async () => {
    const { page } = await openSample('failing', 1100, { script: false });
    expect(await page.locator('form.filter').isVisible()).toBe(false);
    expect(await page.locator('details.finding[open] .body').first().isVisible()).toBe(true);
  });

  it.each([false, true])('has enough contrast (dark: %s)', async (dark) => {
    const { page } = await openSample('failing', 1100, { dark });
    const weak = await page.evaluate(CONTRAST);
    expect(weak).toEqual([]);
  });

  it('opens with ten thousand findings', async () => {
    const { page } = await openPage(fileOf(manyFindings(10_000)), { width: 1100 });
    expect(await page.locator('details.finding').count()).toBe(2000);
    expect(await page.locator('#error > p').textContent()).toBe('… and 8,000 more findings, all in the JSON report.');
  });
});

/** Runs in the page: texts whose contrast with what is behind them is under 4.5 to 1 (WCAG 2.2, 1.4.3). */
const CONTRAST = `(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const weak = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('svg, script, .sr')) continue;
    const [one, two] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) weak.add(element.tagName + '.' + element.className + ' ' + ratio.toFixed(2));
  }
  return [...weak];
})()`;
