import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import { fitDescribed } from './described-host.ts';
import type { HostDescription } from './host-description.ts';
import type { Fit, FitOptions, HostImage, LoadableFile } from './model.ts';
import { fitPlugins, loads } from './plugin.ts';
import type { PresetName } from './presets/names.ts';
import { checkPreset } from './presets/preset.ts';

/** A host as far as it is known. */
export type Host =
  | { readonly kind: 'program'; readonly name: string; readonly image: HostImage }
  /** A Go host by its go.mod or its build information. */
  | { readonly kind: 'described'; readonly name: string; readonly description: HostDescription }
  /** A system or a kind of host to load into; no program was given. */
  | { readonly kind: 'unknown'; readonly name: string }
  /** It was given and could not be used: not read, not built. */
  | { readonly kind: 'unusable'; readonly name: string; readonly reason: Finding };

export interface HostOptions extends FitOptions {
  /** The rules of a known kind of host. */
  readonly preset?: PresetName;
  /** Symbols that the host is told to look up, where they are not `required` here. */
  readonly lookedUp?: readonly string[];
}

/**
 * Fits plugins into one process of a host, in the order in which it loads them, and checks what its kind asks of them.
 * @returns one answer for each plugin, in their order
 */
export function fitIntoHost(host: Host, plugins: readonly LoadableFile[], options: HostOptions): readonly Fit[] {
  const program = host.kind === 'program' ? host.image : undefined;
  const fits = fitPlugins(program, plugins, options);
  return fits.map((fit, index) => {
    const plugin = plugins[index];
    if (plugin === undefined) return fit;
    const { preset } = options;
    const entries =
      preset === undefined ? [] : checkPreset(preset, plugin, program, options.lookedUp ?? options.required);
    const reasons = distinct([...entries, ...known(host, plugin, fit.reasons)]);
    return { ...fit, reasons, loads: loads(reasons) };
  });
}

/** A description answers in place of the program, as far as it goes; what could not be used says so once. */
function known(host: Host, plugin: LoadableFile, reasons: readonly Finding[]): readonly Finding[] {
  const others = reasons.filter(({ rule }) => rule !== 'go/host-unknown');
  switch (host.kind) {
    case 'described':
      // For another machine all else follows from that.
      return [...fitDescribed(host.description, plugin), ...others];
    case 'unusable':
      // What is certain without the host stays; what is open because of it is one thing.
      return [host.reason, ...others.filter(({ severity }) => severity === 'error')];
    case 'program':
    case 'unknown':
      return reasons;
  }
}

/** The same thing can be told by the rules of the kind of host and by those of Go. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ rule, subject, message }) => {
    const key = rule === 'go/host-not-go' ? rule : `${rule}\0${subject}\0${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The answer for a host that could not be used. */
export function unusable(name: string, why: string): Host {
  const message = `The host ${name} cannot be compared with: ${why}`;
  return { kind: 'unusable', name, reason: finding('fit/unreadable', message, { subject: name }) };
}

/** The answer for a main package that could not be built. */
export function notBuilt(name: string, reason: string, output = ''): Host {
  const message = `The host ${name} could not be built: ${reason.replace(/\.$/, '')}.`;
  const details = output === '' ? {} : { details: output };
  return { kind: 'unusable', name, reason: finding('go/host-not-built', message, { subject: name, ...details }) };
}
