import { controls } from '../controls.ts';
import { defineRules, type Rule } from '../rule.ts';

const { cncfSupplyChainPolicy, ospsSignedRelease, slsaVerifyArtifact, ssdfGatherEvidence, ssdfVerifyRelease } =
  controls;

/** Rules about the signed verdict: that the gate writes it, and that who deploys a plugin checks it. */
function refusal(title: string, why: string, fix: string): Rule {
  return {
    title,
    severity: 'error',
    step: 'verify',
    why,
    fix,
    controls: [slsaVerifyArtifact, cncfSupplyChainPolicy],
  };
}

export const verdictRules = defineRules({
  'verdict/not-signed': {
    title: 'Verdict not signed',
    severity: 'error',
    step: 'config',
    why: 'Where the plugin is deployed nobody can tell that this gate passed it: the report is on the build machine, and anybody can write one.',
    fix: 'Give the job the identity token ("permissions: id-token: write") or the key that verdict names. Runs that are no release do without: --no-sign, or the input "sign: false".',
    controls: [ssdfVerifyRelease, ospsSignedRelease],
  },
  'verdict/not-recorded': {
    title: 'Decision not recorded',
    severity: 'error',
    step: 'config',
    why: 'A decision that is missing in the record cannot be shown to an auditor, and a record that is not whole proves nothing about the others.',
    fix: 'Make the file of report.record writable. When it is damaged, keep it as evidence under another name and let the gate begin a new one.',
    controls: [ssdfGatherEvidence],
  },
  'verdict/malformed': refusal(
    'Verdict cannot be read',
    'The signed statement is not a SLSA verification summary, so it says nothing that can be relied on.',
    'Give the bundle that the gate wrote beside the artifact (ARTIFACT.vsa.sigstore.json).',
  ),
  'verdict/wrong-verifier': refusal(
    'Verdict of another verifier',
    'The signer is right, but speaks for another gate, with another policy.',
    'If the verifier is right, name it in full (--verifier-id); it is verdict.verifier of the configuration that judged.',
  ),
  'verdict/wrong-resource': refusal(
    'Verdict about another resource',
    'The same bytes were judged for another purpose: another plugin, version or system.',
    'Compare --resource-uri with verdict.resource of the configuration that judged.',
  ),
  'verdict/wrong-policy': refusal(
    'Verdict under another policy',
    'The plugin was judged by other rules than the ones that you agreed to: something was lowered, waived or no longer asked.',
    'Look at what changed in the configuration and the waivers. If it is right, take the new digest over (--policy-digest).',
  ),
  'verdict/not-passed': refusal(
    'The gate did not pass the plugin',
    'The verdict is genuine, and it is no: something blocks the release, or could not be decided.',
    'Do not deploy it. The report of the gate says what blocks.',
  ),
  'verdict/level-missing': refusal(
    'The gate did not see what is required',
    'The plugin passed, but not by a check that you rely on: the step did not run, or its findings were waived.',
    'Let the gate run the step, or leave the level out of what you require (--verified-level).',
  ),
  'verdict/too-old': refusal(
    'Verdict too old',
    'What was right then may be wrong now: rules, known faults and systems change. An old verdict is also how an old version is played back.',
    'Run the gate again on the same file, or allow a greater age (--max-age).',
  ),
  'verdict/record-broken': refusal(
    'Audit record not whole',
    'A line was changed, removed, added or exchanged after it was written. What the record says cannot be relied on.',
    'Compare it with a copy. Find out who could write to it, and keep it where lines can only be added.',
  ),
  'verdict/record-cut': {
    title: 'Audit record cut at its end',
    severity: 'undecided',
    step: 'verify',
    why: 'The last line is not whole: the machine stopped while a decision was written, or somebody cut the file.',
    fix: 'Compare it with a copy. The next decision seals the cut line into the record.',
    controls: [ssdfGatherEvidence],
  },
});
