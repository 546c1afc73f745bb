import { readdirSync } from 'node:fs';
import { expect, it, jest } from '@jest/globals';
import { describeWith } from '../support/needs.ts';
import { projects } from './project.ts';
import { build, GO_DEFAULTS, requestFor, rulesOf } from './request.ts';

/** The second build starts with an empty cache: go compiles its standard library. Milliseconds. */
jest.setTimeout(300_000);

const project = projects();

describeWith(['go', 'gcc'], 'a Go build that is made twice', () => {
  it('finds a time in the C part', async () => {
    const root = project({
      'go.mod': 'module example.com/greet\n\ngo 1.21\n',
      'main.go':
        'package main\n\n// static const char *built(void) { return __TIME__; }\nimport "C"\n\n//export Built\nfunc Built() *C.char { return C.built() }\n\nfunc main() {}\n',
    });
    const outcome = await build(requestFor(root, { go: GO_DEFAULTS, reproducible: true }, { kind: 'c-shared' }));
    expect(rulesOf(outcome)).toEqual(['build/not-reproducible error']);
    expect(outcome.findings[0]?.message).toMatch(/a time of day/);
    expect(readdirSync(root).sort()).toEqual(['go.mod', 'greet.h', 'greet.so', 'main.go']);
  });
});
