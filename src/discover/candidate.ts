/** A plugin that was found in a repository, before a person has looked at it. */
export interface Candidate {
  readonly name: string;
  readonly kind: 'go-plugin' | 'c-shared' | 'elf';
  /** Path of the plugin file, from the root of the repository. */
  readonly artifact: string;
  readonly build?: CandidateBuild;
  readonly versionScript?: string;
  /** Where it was found and by what, for a comment. */
  readonly evidence: string;
  /** What could not be told and has to be checked, for a comment. */
  readonly doubt?: string;
}

export interface CandidateBuild {
  /** Where the build runs; `.` for the root. */
  readonly directory: string;
  /** Programs with their arguments, one after the other. */
  readonly commands?: readonly (readonly string[])[];
  /** For the go command. */
  readonly go?: { readonly package: string; readonly tags?: readonly string[]; readonly toolchain?: string };
}

/** `lib/libgreet.so.1` is named `greet`. */
export function nameOfLibrary(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.so(?:\.[0-9.]+)?$/, '');
  return base.replace(/^lib(?=.)/, '');
}

/** A text as a plugin's name: what cannot stand in one becomes a hyphen. */
export function asName(text: string): string {
  const name = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .replace(/-+$/, '')
    .slice(0, 80);
  return name === '' ? 'plugin' : name;
}
