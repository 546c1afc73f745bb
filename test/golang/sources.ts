import type { PublishedModule } from './module-proxy.ts';

/** The sources that hosts and plugins of the tests are made of. */

function lib(version: string, fields: string, slow: string): PublishedModule {
  return {
    path: 'example.com/lib',
    version,
    files: {
      'go.mod': 'module example.com/lib\n\ngo 1.19\n',
      'lib.go': `package lib

type Config struct { ${fields} }

func Add(a, b int) int { return a + b }

//go:noinline
func Slow(a int) int { return ${slow} }
`,
      'special.go': '//go:build special\n\npackage lib\n\ntype Mode struct{ Special int }\n',
      'usual.go': '//go:build !special\n\npackage lib\n\ntype Mode struct{}\n',
    },
  };
}

const dep: PublishedModule = {
  path: 'example.com/dep',
  version: 'v1.0.0',
  files: {
    'go.mod': 'module example.com/dep\n\ngo 1.19\n\nrequire example.com/lib v1.0.0\n',
    'sub/sub.go': `package sub

import "example.com/lib"

type Wrapper struct{ C lib.Config }

func Make() Wrapper { return Wrapper{} }
`,
  },
};

function extra(version: string, fields: string): PublishedModule {
  return {
    path: 'example.com/extra',
    version,
    files: {
      'go.mod': 'module example.com/extra\n\ngo 1.19\n',
      'extra.go': `package extra

type Thing struct { ${fields} }

func New() Thing { return Thing{} }
`,
    },
  };
}

/** v1.0.1 differs in the body of a function that is not inlined, v1.1.0 in a type. */
export const PUBLISHED: readonly PublishedModule[] = [
  lib('v1.0.0', 'Name string; Port int', 'a * 3'),
  lib('v1.0.1', 'Name string; Port int', 'a * 4'),
  lib('v1.1.0', 'Name string; Port int; Debug bool', 'a * 3'),
  dep,
  extra('v1.0.0', 'A int'),
  extra('v1.1.0', 'A, B int'),
];

/** The same versions with other source, as a proxy or a cache that was tampered with would serve them. */
export const EDITED_TYPE: readonly PublishedModule[] = [
  lib('v1.0.0', 'Name string; Port int; Host string', 'a * 3'),
  dep,
];
export const EDITED_BODY: readonly PublishedModule[] = [lib('v1.0.0', 'Name string; Port int', 'a * 5'), dep];

/** Opens what its arguments name, and says for each what plugin.Open said. */
const OPENER = `
func main() {
	for _, file := range os.Args[1:] {
		if _, err := plugin.Open(file); err != nil {
			println("refused " + err.Error())
		} else {
			println("opened")
		}
	}
	println(lib.Slow(1), sub.Make().C.Port, sdk.Version())
}
`;

const IMPORTS = '\t"os"\n\t"example.com/dep/sub"\n\t"example.com/host/sdk"\n\t"example.com/lib"\n';

export const HOST_FILES: Readonly<Record<string, string>> = {
  'main.go': `package main\n\nimport (\n\t"plugin"\n${IMPORTS})\n${OPENER}`,
  'sdk/sdk.go': 'package sdk\n\ntype Handler struct{ Name string }\n\nfunc Version() int { return 1 }\n',
};

/** Without the import of plugin, and so without what plugins need. */
export const HOST_WITHOUT_PLUGIN = `package main\n\nimport (\n${IMPORTS})\n\nvar plugin opener\n\ntype opener struct{}\n\nfunc (opener) Open(string) (int, error) { return 0, os.ErrInvalid }\n${OPENER}`;

const BODY = 'func Probe() error { return nil }\n\nvar Limit = 3\n\nfunc main() {}\n';

export const PLUGINS = {
  /** Uses what the host uses. */
  usual: `package main

import (
	"C"
	"example.com/dep/sub"
	"example.com/lib"
)

func Handle(c *lib.Config) sub.Wrapper { c.Port = lib.Slow(lib.Add(1, 2)); return sub.Make() }

${BODY}`,
  /** Uses a package that the host lacks. */
  extra: `package main

import (
	"C"
	"example.com/extra"
)

func Thing() extra.Thing { return extra.New() }

${BODY}`,
  /** Uses a package of the host's own module. */
  sdk: `package main

import (
	"C"
	"example.com/host/sdk"
)

func Handler() sdk.Handler { return sdk.Handler{} }

${BODY}`,
} as const;
