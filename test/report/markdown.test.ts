import { describe, expect, it } from '@jest/globals';
import type { GateReport } from '../../src/gate/report.ts';
import { linksOf, repositoryUri, sourceLink } from '../../src/report/links.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { byteLength } from '../../src/text/truncate.ts';
import { expectText } from './expected.ts';
import { nodesOf, readMarkdown, visibleText } from './read-markdown.ts';
import { manyFindings, SAMPLES, sample } from './samples.ts';

const withLinks = (report: GateReport, limitBytes?: number) =>
  renderMarkdown(report, { links: linksOf(report), limitBytes });

/** Everything that a reader of the hostile report could click, be mentioned by, or be shown as HTML. */
function active(markdown: string) {
  const nodes = nodesOf(readMarkdown(markdown));
  const ours = /^<\/?(details|summary|b|sub|br|code)>$/;
  return {
    links: nodes.flatMap((node) => ('url' in node ? [String(node.url)] : [])),
    html: nodes
      .flatMap((node) => (node.type === 'html' ? String(node.value).split(/(?=<)|(?<=>)/) : []))
      .filter((part) => part.startsWith('<') && !ours.test(part)),
    mentions: nodes.flatMap((node) =>
      node.type === 'text' ? (String(node.value).match(/@[a-z0-9]|#\d|GH-\d/gi) ?? []) : [],
    ),
  };
}

describe('renderMarkdown', () => {
  it.each(SAMPLES)('writes the %s report as test/report/expected/ shows', (name) => {
    expectText(`${name}.md`, withLinks(sample(name)));
  });

  it.each([1_000_000, 60_000, 20_000, 8_000, 4_000, 2_000, 500])(
    'makes nothing active of hostile names in %d bytes',
    (limit) => {
      const { links, html, mentions } = active(withLinks(sample('hostile'), limit));
      const inRepository = 'https://github.com/acme/plugins/blob/4f9d2c81b7e05a3366c1d8f20e9b7a5d41c6e8f0/';
      expect(links.filter((link) => !link.startsWith(inRepository))).toEqual([]);
      expect(html).toEqual([]);
      expect(mentions).toEqual([]);
    },
  );

  it('shows the hostile name itself', () => {
    expect(visibleText(readMarkdown(withLinks(sample('hostile'))))).toContain(
      '](http://evil.example) @everyone ::set-output name=a::b',
    );
  });

  it('closes every fold that it opens, at every size', () => {
    for (const name of SAMPLES) {
      for (const limit of [1_000_000, 20_000, 6_000, 2_500]) {
        const html = nodesOf(readMarkdown(withLinks(sample(name), limit)))
          .flatMap((node) => (node.type === 'html' ? [String(node.value)] : []))
          .join('');
        expect(html.split('<details>').length).toBe(html.split('</details>').length);
      }
    }
  });

  it.each([1_000_000, 60_000, 10_000, 3_000, 1_500, 60, 3, 0])('fits ten thousand findings into %d bytes', (limit) => {
    const text = withLinks(manyFindings(10_000), limit);
    expect(byteLength(text)).toBeLessThanOrEqual(limit);
    if (limit >= 60) expect(text.startsWith('## ❌ plugin-gate: fail\n')).toBe(true);
    if (limit >= 3_000) {
      const shown = text.match(/sym\/removed/g)?.length ?? 0;
      expect(text).toContain(`… and ${(10_000 - shown).toLocaleString('en')} more findings`);
    }
  });

  it('gives up details before findings, and findings before the table', () => {
    const report = sample('failing');
    const full = withLinks(report);
    const smaller = withLinks(report, byteLength(full) - 1);
    expect(smaller).toContain('make plugin ended with exit code 2');
    const least = withLinks(report, 3_500);
    expect(least).not.toContain('implicit declaration');
    expect(least).toContain('| `greet` | `linux/amd64` |');
    expect(least).toContain('sym/removed');
  });

  it('always fits a comment, whatever the names are', () => {
    const nasty = '|`@a#1<&*_'.repeat(6_000);
    const report = manyFindings(200);
    const findings = report.findings.map((finding) => ({
      ...finding,
      message: nasty,
      plugin: nasty,
      old: nasty,
      details: nasty,
    }));
    const plugins = report.plugins.map((plugin) => ({ ...plugin, plugin: nasty, target: nasty }));
    const text = withLinks({ ...report, headline: nasty, findings, plugins }, 60_000);
    expect(byteLength(text)).toBeLessThanOrEqual(60_000);
    expect(text).toContain('sym/removed');
  });
});

describe('links', () => {
  const links = { server: 'https://github.com', repository: 'acme/x', commit: 'a'.repeat(40) };

  it.each([
    ['src/a b.c', 'src/a%20b.c'],
    ['./src//a.c', 'src/a.c'],
    ['größe/[x](y).c', 'gr%C3%B6%C3%9Fe/%5Bx%5D%28y%29.c'],
    ['a%2e%2e/b', 'a%252e%252e/b'],
    ['/etc/passwd', undefined],
    ['../a', undefined],
    ['a/../../b', undefined],
    ['javascript:alert(1)', undefined],
    ['C:\\a.c', undefined],
    ['~root/a', undefined],
    ['a\nb', undefined],
    ['', undefined],
    ['.', undefined],
  ])('%j is %j in the repository', (file, uri) => {
    expect(repositoryUri(file)).toBe(uri);
    const link = sourceLink(links, { file, line: 3 });
    expect(link).toBe(uri === undefined ? undefined : `https://github.com/acme/x/blob/${'a'.repeat(40)}/${uri}#L3`);
  });

  it('makes no link with a server, repository or commit that is none', () => {
    const at = { file: 'a.c', line: 1 };
    expect(sourceLink({ ...links, server: 'javascript:alert(1)//' }, at)).toBeUndefined();
    expect(sourceLink({ ...links, server: 'https://evil.example/x?' }, at)).toBeUndefined();
    expect(sourceLink({ ...links, repository: 'acme/x/../../y' }, at)).toBeUndefined();
    expect(sourceLink({ ...links, commit: 'main' }, at)).toBeUndefined();
    expect(sourceLink(links, { file: 'a.c', line: 0 })).toBeUndefined();
  });
});
