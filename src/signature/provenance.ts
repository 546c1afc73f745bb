import type { Finding } from '../rules/finding.ts';
import { finding } from '../rules/make.ts';
import type { ProvenanceFacts } from './evidence.ts';
import { member } from './json.ts';
import { LIMITS } from './limits.ts';
import { describeMatch, matches, type ProvenancePolicy } from './policy.ts';

type Facts = { -readonly [Key in keyof ProvenanceFacts]: ProvenanceFacts[Key] };

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= LIMITS.name ? value : undefined;
}

/** `git+https://host/org/repo@refs/tags/v1` taken apart (SPDX download location, which SLSA uses). */
function gitLocation(uri: unknown): { readonly repository: string; readonly ref?: string } | undefined {
  const whole = text(uri)?.replace(/^git\+/, '');
  if (whole === undefined) return undefined;
  // An @ before the path belongs to a user name.
  const at = whole.lastIndexOf('@');
  if (at <= whole.indexOf('/', whole.indexOf('://') + 3)) return { repository: whole };
  return { repository: whole.slice(0, at), ref: whole.slice(at + 1) };
}

/** The only text among several equal ones; undefined when they differ, or there is none. */
function agreed(values: readonly unknown[]): string | undefined {
  const [first, ...more] = values;
  return more.every((value) => value === first) ? text(first) : undefined;
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, LIMITS.payloadValues) : [];
}

/** The commit that a list of dependencies or materials states for a source. */
function commitOf(list: unknown, repository: string | undefined, ref: string | undefined): string | undefined {
  const same = items(list).filter((item) => {
    const place = gitLocation(member(item, 'uri'));
    return (
      place !== undefined && place.repository === repository && (place.ref ?? ref) === ref && repository !== undefined
    );
  });
  return agreed(same.map((item) => member(item, 'digest', 'gitCommit') ?? member(item, 'digest', 'sha1')));
}

/** SLSA provenance v1: what GitHub's builders and slsa-github-generator put into externalParameters. */
function readV1(predicate: unknown): Facts {
  const definition = member(predicate, 'buildDefinition');
  const external = member(definition, 'externalParameters');
  const workflow = member(external, 'workflow');
  const source = gitLocation(member(external, 'source', 'uri') ?? member(external, 'source'));
  const sourceRepository = text(member(workflow, 'repository')) ?? source?.repository;
  const sourceRef = text(member(workflow, 'ref')) ?? source?.ref;
  const path = text(member(workflow, 'path'));
  return {
    builder: text(member(predicate, 'runDetails', 'builder', 'id')),
    buildType: text(member(definition, 'buildType')),
    sourceRepository,
    sourceRef,
    sourceDigest: commitOf(member(definition, 'resolvedDependencies'), sourceRepository, sourceRef),
    workflow: path === undefined || sourceRepository === undefined ? undefined : `${sourceRepository}/${path}`,
    runner: text(member(definition, 'internalParameters', 'github', 'runner_environment')),
  };
}

/** SLSA provenance v0.2: invocation.configSource is what the builder was told to build. */
function readV02(predicate: unknown): Facts {
  const config = member(predicate, 'invocation', 'configSource');
  const source = gitLocation(member(config, 'uri'));
  const entry = text(member(config, 'entryPoint'));
  const listed = commitOf(member(predicate, 'materials'), source?.repository, source?.ref);
  const stated = text(member(config, 'digest', 'sha1')) ?? text(member(config, 'digest', 'gitCommit'));
  return {
    builder: text(member(predicate, 'builder', 'id')),
    buildType: text(member(predicate, 'buildType')),
    sourceRepository: source?.repository,
    sourceRef: source?.ref,
    sourceDigest: stated !== undefined && listed !== undefined && stated !== listed ? undefined : (stated ?? listed),
    workflow: entry === undefined || source === undefined ? undefined : `${source.repository}/${entry}`,
    runner: undefined,
  };
}

/** What a provenance states; undefined for a predicate of another type. */
export function readProvenance(predicateType: string, predicate: unknown): ProvenanceFacts | undefined {
  switch (predicateType) {
    case 'https://slsa.dev/provenance/v1':
      return withoutGaps(readV1(predicate));
    case 'https://slsa.dev/provenance/v0.2':
      return withoutGaps(readV02(predicate));
    default:
      return undefined;
  }
}

function withoutGaps(facts: Facts): ProvenanceFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/**
 * The differences between what a provenance states and what the policy expects of it, all at once.
 * @param runnerKnown the signer's certificate states the kind of runner, and is compared with the policy on its own
 */
export function provenanceFindings(facts: ProvenanceFacts, policy: ProvenancePolicy, runnerKnown: boolean): Finding[] {
  const findings: Finding[] = [];
  const differs = (subject: keyof ProvenanceFacts, expected: string): void => {
    const found = facts[subject];
    findings.push(
      finding(
        'sig/wrong-provenance',
        `Expected the provenance to state the ${WORDS[subject]} ${expected}, found ${found === undefined ? 'none' : JSON.stringify(found)}.`,
        { subject },
      ),
    );
  };
  if (policy.builder !== undefined && (facts.builder === undefined || !matches(policy.builder, facts.builder))) {
    differs('builder', describeMatch(policy.builder));
  }
  for (const name of ['sourceRepository', 'sourceRef', 'sourceDigest', 'workflow'] as const) {
    const expected = policy[name];
    if (expected !== undefined && facts[name] !== expected) differs(name, JSON.stringify(expected));
  }
  if (policy.runner !== undefined && facts.runner !== policy.runner && (facts.runner !== undefined || !runnerKnown)) {
    differs('runner', JSON.stringify(policy.runner));
  }
  return findings;
}

const WORDS: Readonly<Record<keyof ProvenanceFacts, string>> = {
  builder: 'builder',
  buildType: 'build type',
  sourceRepository: 'source repository',
  sourceRef: 'source ref',
  sourceDigest: 'source commit',
  workflow: 'workflow',
  runner: 'kind of runner',
};
