import { UsageError } from '../errors.ts';
import { type GoBuildInfo, type GoModule, parseBuildInfo } from '../golang/build-info.ts';

const LARGEST_JSON = 32 * 1024 * 1024;
const MOST_MODULES = 50_000;
const MOST_SETTINGS = 1000;
const LONGEST_FIELD = 4096;

/**
 * Reads build information that was written down: the output of `go version -m FILE` (text, or JSON with `-json`), or what
 * runtime/debug.BuildInfo gives with String or as JSON. Undefined for other text.
 * @throws UsageError for that of several files: which of them the host is cannot be told
 */
export function readBuildInfoDump(text: string): GoBuildInfo | undefined {
  return /^\s*\{/.test(text) ? fromJson(text) : fromText(text);
}

/** Lines of `go version -m` are indented by a tab, and the first names the file and the toolchain. */
function fromText(text: string): GoBuildInfo | undefined {
  const lines = text.replaceAll('\r', '').split('\n');
  const head = lines.find((line) => line.trim() !== '') ?? '';
  const toolchain =
    /^[^\t].*: ((?:go1\.|devel )\S.*)$/.exec(head)?.[1] ??
    lines.map((line) => /^\t?go\t(\S.*)$/.exec(line)?.[1]).find((found) => found !== undefined);
  const body = lines.map((line) => line.replace(/^\t/, ''));
  if (toolchain === undefined || !body.some((line) => /^(?:path|mod|dep|build)\t/.test(line))) return undefined;
  const files = lines.filter((line) => /^[^\t].*: (?:go1\.|devel )\S/.test(line)).length;
  if (files > 1) {
    throw new UsageError(
      `The build information is that of ${files} files. Write down that of the host alone: go version -m HOST > host.txt`,
    );
  }
  return parseBuildInfo(toolchain.trim().slice(0, LONGEST_FIELD), body.join('\n'));
}

function fromJson(text: string): GoBuildInfo | undefined {
  if (text.length > LARGEST_JSON) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const info = recordOf(value);
  const toolchain = textOf(info?.GoVersion);
  if (info === undefined || toolchain === '') return undefined;
  const module = moduleOf(info.Main);
  const path = textOf(info.Path);
  const settings = listOf(info.Settings, MOST_SETTINGS).flatMap((entry): [string, string][] => {
    const setting = recordOf(entry);
    const key = textOf(setting?.Key);
    return key === '' ? [] : [[key, textOf(setting?.Value)]];
  });
  return {
    toolchain,
    ...(path === '' ? {} : { package: path }),
    ...(module === undefined ? {} : { module }),
    modules: listOf(info.Deps, MOST_MODULES).flatMap((entry) => moduleOf(entry) ?? []),
    settings: new Map(settings),
  };
}

/** runtime/debug.Module. */
function moduleOf(value: unknown): GoModule | undefined {
  const fields = recordOf(value);
  const path = textOf(fields?.Path);
  if (fields === undefined || path === '') return undefined;
  const sum = textOf(fields.Sum);
  const replace = recordOf(fields.Replace);
  const by = replace === undefined ? undefined : moduleOf({ ...replace, Replace: undefined });
  return {
    path,
    version: textOf(fields.Version),
    ...(sum === '' ? {} : { sum }),
    ...(by === undefined ? {} : { replace: by }),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}

function listOf(value: unknown, most: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST_FIELD) : '';
}
