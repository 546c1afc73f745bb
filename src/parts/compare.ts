/** The comparison of two releases, types included: loaded when two files differ. */
export { diffReleases } from '../commands/diff-releases.ts';
