import { z } from 'zod';
import { ask } from './ask.ts';
import type { BuildPlan } from './plan.ts';

const names = z.array(z.string()).optional();
const module = z.object({
  Path: z.string(),
  Version: z.string().optional(),
  Main: z.boolean().optional(),
  GoMod: z.string().optional(),
  Replace: z.object({ Path: z.string(), Version: z.string().optional() }).optional(),
});

/** What `go list -json` tells of a package, as far as it goes into a build. Source: `go help list`. */
const goPackage = z.object({
  ImportPath: z.string(),
  Dir: z.string().optional(),
  Standard: z.boolean().optional(),
  Incomplete: z.boolean().optional(),
  Module: module.optional(),
  GoFiles: names,
  CgoFiles: names,
  CFiles: names,
  CXXFiles: names,
  MFiles: names,
  HFiles: names,
  FFiles: names,
  SFiles: names,
  SwigFiles: names,
  SwigCXXFiles: names,
  SysoFiles: names,
  EmbedFiles: names,
  CgoCFLAGS: names,
  CgoCPPFLAGS: names,
  CgoCXXFLAGS: names,
  CgoLDFLAGS: names,
  CgoPkgConfig: names,
});

export type GoPackage = z.output<typeof goPackage>;

/** Flags of `go build` that decide which files are taken. */
const SELECTING = /^-(?:tags|race|msan|asan|mod)(?:=|$)/;

/**
 * The packages of a build, each after those that it imports.
 * @param argv of `go build`
 * @returns undefined when go does not tell
 */
export async function listPackages(
  plan: BuildPlan,
  argv: readonly string[],
): Promise<readonly GoPackage[] | undefined> {
  const flags = argv.filter((word) => SELECTING.test(word));
  const output = argv.indexOf('-o');
  const packages = argv.slice(output + 2);
  const fields = Object.keys(goPackage.shape).join(',');
  const text = await ask(['go', 'list', '-deps', `-json=${fields}`, ...flags, '--', ...packages], plan);
  if (text === undefined) return undefined;
  try {
    // One object after the other, each ending with a brace at the beginning of a line.
    const all: unknown = JSON.parse(`[${text.replaceAll(/^}\n(?={)/gm, '},\n')}]`);
    return z.array(goPackage).min(1).parse(all);
  } catch {
    return undefined;
  }
}

/** `go env` in this build. */
export async function goSettings(plan: BuildPlan): Promise<Readonly<Record<string, string>> | undefined> {
  const text = await ask(['go', 'env', '-json'], plan);
  if (text === undefined) return undefined;
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
