import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { PresetName } from '../../src/fit/presets/names.ts';
import { checkPreset } from '../../src/fit/presets/preset.ts';
import { describeWith } from '../support/needs.ts';
import { workspace, writeTree } from '../support/workspace.ts';
import { loadFile, told } from './load-file.ts';

/** A host that looks symbols up and asserts them as KrakenD and Tyk do, and says what it found. */
const HOST = `package main

import (
	"context"
	"net/http"
	"os"
	"plugin"
)

type handlers interface {
	RegisterHandlers(func(name string, handler func(context.Context, map[string]interface{}, http.Handler) (http.Handler, error)))
}
type clients interface {
	RegisterClients(func(name string, handler func(context.Context, map[string]interface{}) (http.Handler, error)))
}
type modifiers interface {
	RegisterModifiers(func(name string, factory func(map[string]interface{}) func(interface{}) (interface{}, error), request, response bool))
}

func main() {
	p, err := plugin.Open(os.Args[1])
	if err != nil {
		println(err.Error())
		os.Exit(3)
	}
	for _, name := range os.Args[2:] {
		symbol, err := p.Lookup(name)
		ok := false
		if err == nil {
			switch name {
			case "HandlerRegisterer":
				_, ok = symbol.(handlers)
			case "ClientRegisterer":
				_, ok = symbol.(clients)
			case "ModifierRegisterer":
				_, ok = symbol.(modifiers)
			default:
				if _, ok = symbol.(func(http.ResponseWriter, *http.Request)); !ok {
					_, ok = symbol.(func(http.ResponseWriter, *http.Response, *http.Request))
				}
			}
			println(name, ok)
		}
	}
}
`;

const plugin = (body: string, imports: readonly string[] = []): string =>
  `package main\n\nimport (\n\t"C"\n\t"context"\n\t"net/http"\n${imports.map((path) => `\t"${path}"\n`).join('')})\n\nvar _ context.Context\nvar _ http.Handler\n\n${body}\n\nfunc main() {}\n`;
const HANDLERS =
  'func (registerer) RegisterHandlers(f func(name string, handler func(context.Context, map[string]interface{}, http.Handler) (http.Handler, error))) {}';

const CASES: readonly (readonly [
  preset: PresetName,
  title: string,
  source: string,
  /** What the host finds usable and what not. */
  really: Readonly<Record<string, boolean>>,
  expected: readonly string[],
])[] = [
  [
    'krakend',
    'a handler',
    plugin(`type registerer string\nvar HandlerRegisterer = registerer("x")\n${HANDLERS}`),
    { HandlerRegisterer: true },
    [],
  ],
  [
    'krakend',
    'a handler with a pointer receiver',
    plugin(
      `type registerer struct{ n int }\nvar HandlerRegisterer registerer\n${HANDLERS.replace('(registerer)', '(*registerer)')}`,
    ),
    { HandlerRegisterer: true },
    [],
  ],
  [
    'krakend',
    'client and modifier',
    plugin(`type one struct{ n int }
var ClientRegisterer one
var ModifierRegisterer one
func (one) RegisterClients(f func(name string, handler func(context.Context, map[string]interface{}) (http.Handler, error))) {}
func (one) RegisterModifiers(f func(name string, factory func(map[string]interface{}) func(interface{}) (interface{}, error), request bool, response bool)) {}`),
    { ClientRegisterer: true, ModifierRegisterer: true },
    [],
  ],
  [
    'krakend',
    'a variable that is a pointer',
    plugin(
      `type registerer struct{ n int }\nvar HandlerRegisterer = &registerer{}\n${HANDLERS.replace('(registerer)', '(*registerer)')}`,
    ),
    { HandlerRegisterer: false },
    ['error fit/entry-type HandlerRegisterer'],
  ],
  [
    'krakend',
    'a variable of an interface type',
    plugin(
      `type registerer struct{ n int }\ntype any interface { RegisterHandlers(func(string, func(context.Context, map[string]interface{}, http.Handler) (http.Handler, error))) }\nvar HandlerRegisterer any = registerer{}\n${HANDLERS}`,
    ),
    { HandlerRegisterer: false },
    ['error fit/entry-type HandlerRegisterer'],
  ],
  [
    'krakend',
    'another signature',
    plugin(
      `type registerer string\nvar HandlerRegisterer = registerer("x")\n${HANDLERS.replace('http.Handler) (http', '*http.Request) (http')}`,
    ),
    { HandlerRegisterer: false },
    ['error fit/entry-type HandlerRegisterer'],
  ],
  [
    'krakend',
    'another name for the method',
    plugin(
      `type registerer string\nvar HandlerRegisterer = registerer("x")\n${HANDLERS.replace('RegisterHandlers', 'RegisterHandler')}`,
    ),
    { HandlerRegisterer: false },
    ['error fit/entry-type HandlerRegisterer'],
  ],
  [
    'krakend',
    'a function in place of the variable',
    plugin('func HandlerRegisterer() {}'),
    { HandlerRegisterer: false },
    ['error fit/entry-type HandlerRegisterer'],
  ],
  [
    'krakend',
    'another name for the variable',
    plugin(`type registerer string\nvar HandlersRegisterer = registerer("x")\n${HANDLERS}`),
    {},
    ['error fit/entry-missing HandlerRegisterer'],
  ],
  [
    'tyk',
    'request and response',
    plugin(
      'func AddHeader(rw http.ResponseWriter, r *http.Request) {}\nfunc Answer(rw http.ResponseWriter, res *http.Response, req *http.Request) {}\nfunc Helper(n int) int { return n }',
    ),
    { AddHeader: true, Answer: true },
    [],
  ],
  [
    'tyk',
    'a request by value',
    plugin('func AddHeader(rw http.ResponseWriter, r http.Request) {}'),
    { AddHeader: false },
    ['error fit/entry-missing functions'],
  ],
  [
    'tyk',
    'a variable that holds a function',
    plugin('var AddHeader = func(rw http.ResponseWriter, r *http.Request) {}'),
    { AddHeader: false },
    ['error fit/entry-missing functions'],
  ],
];

describeWith(['go', 'gcc'], 'what presets say of Go plugins is what their hosts find', () => {
  const directory = workspace();
  const go = (name: string, words: readonly string[]): string => {
    const file = join(directory, `${name}.out`);
    execFileSync('go', ['build', '-buildvcs=false', '-p=2', ...words, '-o', file, '.'], {
      cwd: join(directory, name),
      stdio: 'pipe',
      env: { ...process.env, CGO_ENABLED: '1', GOWORK: 'off', GOFLAGS: '' },
    });
    return file;
  };
  const module = (name: string, source: string): void =>
    writeTree(join(directory, name), { 'go.mod': `module example.com/${name}\n\ngo 1.19\n`, 'main.go': source });
  let host = '';

  it.each(CASES.map((entry, index) => [`${entry[0]}: ${entry[1]}`, index, entry] as const))(
    '%s',
    (_, index, [preset, , source, really, expected]) => {
      if (host === '') {
        module('host', HOST);
        host = go('host', []);
      }
      module(`plug${index}`, source);
      const file = go(`plug${index}`, ['-buildmode=plugin']);
      const { stderr } = spawnSync(host, [file, ...Object.keys(really)], { encoding: 'utf8' });
      const said = stderr
        .trim()
        .split('\n')
        .filter((line) => line !== '');
      expect(said).toEqual(Object.entries(really).map(([name, usable]) => `${name} ${usable}`));
      expect(told(checkPreset(preset, loadFile(file), undefined))).toEqual(expected);
    },
    120_000,
  );

  it('tyk: a type of another package that is named http, and a symbol that was asked for', () => {
    writeTree(join(directory, 'alike'), {
      'go.mod': 'module example.com/alike\n\ngo 1.19\n',
      'http/http.go': 'package http\n\ntype ResponseWriter interface{ Write() }\n\ntype Request struct{ N int }\n',
      'main.go':
        'package main\n\nimport (\n\t"C"\n\t"example.com/alike/http"\n)\n\nfunc AddHeader(rw http.ResponseWriter, r *http.Request) {}\n\nfunc main() {}\n',
    });
    const file = loadFile(go('alike', ['-buildmode=plugin']));
    expect(told(checkPreset('tyk', file, undefined, ['AddHeader']))).toEqual([
      'error fit/entry-missing functions',
      'error fit/entry-type AddHeader',
    ]);
  }, 120_000);

  it('krakend and tyk refuse c-shared libraries, and hosts in C refuse Go plugins', () => {
    module('shared', 'package main\n\nimport "C"\n\n//export run\nfunc run() {}\n\nfunc main() {}\n');
    const shared = loadFile(go('shared', ['-buildmode=c-shared']));
    for (const preset of ['krakend', 'tyk'] as const) {
      expect(told(checkPreset(preset, shared, undefined))).toEqual(['error go/not-plugin file']);
    }
    const plug = loadFile(join(directory, 'plug0.out'));
    for (const preset of ['falco', 'fluent-bit', 'nginx', 'postgresql', 'pam', 'ladspa'] as const) {
      expect(checkPreset(preset, plug, undefined)[0]?.rule).toBe('go/host-not-go');
    }
  }, 120_000);
});
