/** `go1.24.4 X:rangefunc` as its parts; `devel go1.27-abcdef` has the release that it leads to. */
export interface ToolchainName {
  /** `go1.24.4` */
  readonly release: string;
  /** GOEXPERIMENT values that differ from the default, comma separated; empty when there are none. */
  readonly experiments: string;
  /** 24 for Go 1.24; undefined when it has no such number. */
  readonly minor?: number;
}

export function parseToolchain(text: string): ToolchainName {
  // `go1.24.4 X:arenas`, and with a hyphen in place of the blank from Go 1.26 on.
  const [name = '', experiments = ''] = text.split(/[ -]X:/);
  const release = name.trim();
  const minor = /\bgo1\.(\d{1,4})/.exec(release)?.[1];
  return { release, experiments: experiments.trim(), ...(minor === undefined ? {} : { minor: Number(minor) }) };
}

/** A toolchain that `GOTOOLCHAIN` can name: a release, a candidate or a beta. */
export function isReleased(release: string): boolean {
  return /^go1\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?(?:-[A-Za-z0-9._-]+)?$/.test(release);
}

/**
 * Whether the runtime of one version understands a plugin of the other well enough to refuse it with an error. Between the
 * groups the tables of plugins are laid out differently, and plugin.Open ends the host ("fatal error: runtime: no plugin module
 * data", or a nil dereference) instead. Found by running each pair.
 */
export function refusesProperly(one: ToolchainName, other: ToolchainName): boolean {
  return group(one.minor) !== undefined && group(one.minor) === group(other.minor);
}

function group(minor: number | undefined): number | undefined {
  return minor !== undefined && minor >= 22 && minor <= 25 ? 22 : minor;
}
