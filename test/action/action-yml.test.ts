import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readInputs } from '../../src/action/inputs.ts';
import { NO_VERDICT } from '../../src/action/outputs.ts';

interface ActionFile {
  readonly name: string;
  readonly description: string;
  readonly branding: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, { readonly description?: string; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description?: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

const action: ActionFile = parse(readFileSync('action.yml', 'utf8'));

describe('action.yml', () => {
  it('has exactly the inputs that the code reads', () => {
    const asked = new Set<string>();
    const note = (name: string) => {
      asked.add(name);
      return '';
    };
    readInputs(note, '/workspace');
    expect([...asked].sort()).toEqual(Object.keys(action.inputs).sort());
  });

  it('has exactly the outputs that the code sets', () => {
    expect(Object.keys(action.outputs).sort()).toEqual(Object.keys(NO_VERDICT).sort());
  });

  it('describes each in a sentence', () => {
    for (const { description } of [...Object.values(action.inputs), ...Object.values(action.outputs)]) {
      expect(description?.trim()).toMatch(/\.$/);
    }
  });

  it('has defaults that the code takes', () => {
    const { token, ...inputs } = action.inputs;
    expect(token?.default).toBe('${{ github.token }}');
    expect(readInputs((name) => inputs[name]?.default ?? '', '/workspace')).toEqual(readInputs(() => '', '/workspace'));
  });

  it('runs the bundle on Node 24, with branding for the marketplace', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/action.cjs' });
    expect(action.branding).toEqual({ icon: 'shield', color: 'blue' });
    expect(action.description.length).toBeLessThanOrEqual(125);
  });
});
