import { controls } from '../controls.ts';
import { defineRules } from '../rule.ts';

/**
 * Faults of the machine or of the gate itself. They are errors: a step that could not run proves nothing. Neither the
 * policy nor a waiver changes them.
 */
export const gateRules = defineRules({
  'gate/environment': {
    title: 'The machine lacks something that a step needs',
    severity: 'error',
    step: 'config',
    why: 'The step could not run, so nothing is known about what it checks.',
    fix: 'Install or repair what the message names, and run the gate again.',
    controls: [controls.ssdfTestExecutable],
  },
  'gate/internal': {
    title: 'A step of the gate failed',
    severity: 'error',
    step: 'config',
    why: 'The step ended with a fault of the gate itself, so nothing is known about what it checks.',
    fix: 'Report it with the file that caused it; the message names the step. The other steps and plugins were checked.',
    controls: [controls.ssdfTestExecutable],
  },
  'gate/not-checked': {
    title: 'Nothing of a plugin was checked',
    severity: 'error',
    step: 'config',
    why: 'No plugin file could be read, and the findings that say why are switched off, lowered or accepted. A gate that passes what it has not seen is worse than none.',
    fix: 'Mend what keeps the file from being built or read, or take the plugin or the target out of the configuration until it is back.',
    controls: [controls.ssdfTestExecutable],
  },
  'gate/unchanged': {
    title: 'A plugin was not checked: the change does not touch it',
    severity: 'note',
    step: 'config',
    why: 'The run was asked to check only what the change touches. Nothing that the plugin names among its sources changed, and nothing that may be part of all plugins.',
    fix: 'Nothing has to be done. If the plugin is made of more, name it in `sources`; merge queues, pushes and releases should check everything.',
    controls: [controls.ssdfTestExecutable],
  },
  'gate/shard-missing': {
    title: 'A shard of the gate did not report',
    severity: 'error',
    step: 'config',
    why: 'The plugins of that shard were not checked, or what was found is lost. What nobody has seen does not pass.',
    fix: 'Look at the job of the shard, mend what ended it, and run it again. Its report has to be uploaded even when it blocks: `if: always()`.',
    controls: [controls.ssdfTestExecutable],
  },
  'gate/run-failed': {
    title: 'The run that reported a pass did not succeed',
    severity: 'undecided',
    step: 'config',
    why: 'GitHub says that the run failed, and the report that it left says that nothing blocks. The report may be of another step, be old, or have been changed by the code of the pull request.',
    fix: 'Look at the log of the run. Keep the gate in a workflow of its own, so that it alone makes the run fail.',
    controls: [controls.ssdfTestExecutable],
  },
  'gate/shard-invalid': {
    title: 'A report does not belong to a shard of the plan',
    severity: 'error',
    step: 'config',
    why: 'It was made for another plan, commit, configuration or version, stands there twice, or cannot be read. What it says may not be true of this release.',
    fix: 'Bring together the reports of one run only: one for each shard, all made with the plan of this run.',
    controls: [controls.ssdfTestExecutable],
  },
});
