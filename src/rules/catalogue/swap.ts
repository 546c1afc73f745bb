import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

const tested = [controls.ssdfTestExecutable, controls.cncfArtifactChecks] as const;

/** What a host must do that replaces a plugin while it runs; the rehearsal does just this. */
const HOST =
  'A host that swaps plugins gives each release a file of its own, opens it with RTLD_NOW | RTLD_LOCAL, probes it before it sends calls there, waits until no call is left in the old one before dlclose, and never overwrites a file that is loaded.';

/** The rehearsal of a hot swap: previous release, new release, and back. */
export const swapRules = defineRules({
  'swap/new-unhealthy': {
    title: 'The new release does not work beside the previous one',
    severity: 'error',
    step: 'load',
    why: 'In a hot swap both releases are in one process for a while. What loads alone but not beside its predecessor fails only in production.',
    fix: `Look for state that both share: files, environment variables, names in a registry, unique symbols. ${HOST}`,
    controls: tested,
  },
  'swap/refusal-failed': {
    title: 'The previous release does not survive that the new one is refused',
    severity: 'error',
    step: 'load',
    why: 'When the new release is not healthy, the host closes it and goes on with the previous one. Here that broke the previous one.',
    fix: `Look at what the destructors of the new release undo: they must not touch what the previous release uses. ${HOST}`,
    controls: tested,
  },
  'swap/calls-failed': {
    title: 'Calls failed during the swap',
    severity: 'error',
    step: 'load',
    why: 'Requests that run while the host swaps the plugin got a wrong answer or none.',
    fix: `Make both releases answer the probe while they are in one process. ${HOST}`,
    controls: tested,
  },
  'swap/rollback-failed': {
    title: 'The previous release cannot be brought back',
    severity: 'error',
    step: 'load',
    why: 'A host that finds the new release bad switches back at once. Here the previous release no longer works after the new one has run, so only a restart helps.',
    fix: `Undo in the new release's destructors what its constructors did to the process, and nothing else. ${HOST}`,
    controls: tested,
  },
  'swap/broke': {
    title: 'The swap ended the process',
    severity: 'error',
    step: 'load',
    why: 'Each release alone behaved; together, or when one was closed, the process crashed, ended or hung.',
    fix: `Look for threads, handlers and callbacks of one release that outlive its dlclose. ${HOST}`,
    controls: tested,
  },
  'swap/wrong-code': {
    title: 'Calls of one release reach code of the other',
    severity: 'error',
    step: 'load',
    why: 'After a swap the host believes that it runs the new release, and runs old code.',
    fix: `Do not export unique or interposed symbols; link with -Wl,-Bsymbolic or hide what is not the interface. ${HOST}`,
    controls: tested,
  },
  'swap/memory-kept': {
    title: 'A swapped release stays in memory',
    severity: 'note',
    step: 'load',
    why: 'Each swap costs the memory of one release until the host restarts.',
    fix: 'Nothing, if swaps are rare. Else see load/not-unloaded for the reason.',
    controls: [controls.ssdfGatherEvidence],
  },
  'swap/not-rehearsed': {
    title: 'The hot swap could not be rehearsed',
    severity: 'undecided',
    step: 'load',
    why: 'Without the previous release running and healthy there is nothing to swap from.',
    fix: 'Look at whether the previous release has the same probe and is healthy here; if hosts never swap this plugin while they run, waive it.',
    controls: [controls.ssdfGatherEvidence],
  },
});
