import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { checkPreset } from '../../src/fit/presets/preset.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { loadFile, told } from './load-file.ts';

/** Plugins for hosts in C that are written in Go: what cgo exports is what these hosts look up. */
describeWith(['go', 'gcc'], 'presets of hosts in C on Go c-shared libraries', () => {
  const directory = workspace();
  const build = (name: string, file: string, functions: readonly string[]): string => {
    const lines = functions.map((each) => `//export ${/^\w+/.exec(each)?.[0]}\nfunc ${each}\n`).join('\n');
    writeTree(join(directory, name), {
      'go.mod': `module example.com/${name}\n\ngo 1.19\n`,
      'main.go': `package main\n\nimport "C"\nimport "unsafe"\n\nvar _ unsafe.Pointer\n\n${lines}\nfunc main() {}\n`,
    });
    const output = join(directory, file);
    execFileSync('go', ['build', '-buildmode=c-shared', '-buildvcs=false', '-p=2', '-o', output, '.'], {
      cwd: join(directory, name),
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOWORK: 'off', GOFLAGS: '' },
    });
    return output;
  };

  it('fluent-bit: an output, and one that lacks a function', () => {
    const all = [
      'FLBPluginRegister(def unsafe.Pointer) int { return 0 }',
      'FLBPluginInit(plugin unsafe.Pointer) int { return 1 }',
      'FLBPluginFlushCtx(ctx, data unsafe.Pointer, length C.int, tag *C.char) int { return 1 }',
    ];
    const whole = build('whole', 'out_whole.so', all);
    expect(told(checkPreset('fluent-bit', loadFile(whole), undefined))).toEqual([]);
    const half = build(
      'half',
      'out_half.so',
      all.filter((each) => !each.startsWith('FLBPluginInit')),
    );
    expect(told(checkPreset('fluent-bit', loadFile(half), undefined))).toEqual([
      'error fit/entry-missing FLBPluginInit',
    ]);
  }, 120_000);

  it('falco: a source whose version is what its code returns', () => {
    const texts = ['required_api_version', 'version', 'name', 'description', 'contact'];
    const file = build('source', 'libsource.so', [
      ...texts.map((each) => `plugin_get_${each}() *C.char { return C.CString("3.6.0") }`),
      'plugin_get_last_error(state unsafe.Pointer) *C.char { return nil }',
      'plugin_init(config *C.char, rc *C.int) unsafe.Pointer { return nil }',
      'plugin_destroy(state unsafe.Pointer) {}',
      'plugin_open(state unsafe.Pointer, params *C.char, rc *C.int) unsafe.Pointer { return nil }',
      'plugin_close(state, handle unsafe.Pointer) {}',
      'plugin_next_batch(state, handle unsafe.Pointer, count *C.int, events unsafe.Pointer) C.int { return 0 }',
    ]);
    const found = checkPreset('falco', loadFile(file), undefined);
    expect(told(found)).toEqual(['undecided fit/interface-unread plugin_get_required_api_version']);
    expect(found[0]?.fix).toMatch(/^Have it called: probe: /);
  }, 120_000);
});
