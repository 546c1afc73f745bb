import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { generatedFiles } from '../../scripts/generate.ts';

const files = generatedFiles();

describe('generated files are as scripts/generate.ts makes them', () => {
  it.each(Object.keys(files))('%s', (path) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(files[path]);
  });

  it('are the same each time', () => {
    expect(generatedFiles()).toEqual(files);
  });
});

describe('links in the pages', () => {
  it.each(['docs/rules.md', 'docs/configuration.md'])('%s: anchors are there, once', (path) => {
    const text = files[path] ?? '';
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z0-9 _-]/g, '')
        .replaceAll(' ', '-'),
    );
    const linked = [...text.matchAll(/\]\(#([^)]*)\)/g)].map((match) => match[1]);
    expect(linked.filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
    const twice = anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index);
    expect(linked.filter((anchor) => twice.includes(anchor ?? ''))).toEqual([]);
  });
});
