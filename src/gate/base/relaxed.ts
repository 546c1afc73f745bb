import { gte } from 'semver';
import type { GateConfig, PluginConfig } from '../../config/schema.ts';
import { catalogue, isRuleId, type RuleId, ruleOf } from '../../rules/catalogue.ts';
import type { Level, Policy } from '../../rules/policy.ts';
import type { Waiver } from '../../rules/waivers.ts';
import { canonical } from '../../text/canonical.ts';

/** One thing in which a change asks less of a release than before. */
export interface Relaxation {
  /** What was relaxed, stable between runs: `policy.rules.sym/removed`, `plugins.greet.signature`. */
  readonly subject: string;
  /** A sentence without a subject: `lowers sym/removed from error to off`. */
  readonly what: string;
  readonly old?: string;
  readonly new?: string;
  readonly plugin?: string;
  /** The waiver that it is about. */
  readonly waiver?: Waiver;
}

/** What decides whether a release passes. */
export interface Rulebook {
  readonly config: GateConfig;
  readonly waivers: readonly Waiver[];
}

/** Everything in which `head` asks less than `base`, or asks something else. Pure. */
export function relaxations(base: Rulebook, head: Rulebook): readonly Relaxation[] {
  return [
    ...policyRelaxations(base.config.policy, head.config.policy),
    ...waiverRelaxations(base.waivers, head.waivers),
    ...sectionRelaxations('', base.config, head.config),
    ...base.config.plugins.flatMap((plugin) => pluginRelaxations(plugin, head.config.plugins)),
    ...addedPlugins(base.config, head.config),
    ...unrelatedPaths(base.config, head.config),
    ...changedKeys('verdict', base.config.verdict ?? {}, head.config.verdict ?? {}),
    ...changedKeys('report', recordOf(base.config), recordOf(head.config)),
  ];
}

/** Of the section report, what shows a decision to an auditor. */
function recordOf({ report: { record } }: GateConfig): Section {
  return record === undefined ? {} : { record };
}

const LEVELS: Readonly<Record<Level, number>> = { off: 0, note: 1, warning: 2, error: 3 };
const UNDECIDED = { ignore: 0, warn: 1, fail: 2 } as const;

/** The level of a rule; one about missing evidence weighs what the policy makes of it. */
function levelOf(policy: Policy, rule: RuleId): Level {
  const set = policy.rules[rule];
  if (set !== undefined) return set;
  const own = ruleOf(rule).severity;
  if (own !== 'undecided') return own;
  return { fail: 'error', warn: 'warning', ignore: 'note' }[policy.undecided] as Level;
}

function policyRelaxations(base: Policy, head: Policy): Relaxation[] {
  const found: Relaxation[] = [];
  if (UNDECIDED[head.undecided] < UNDECIDED[base.undecided]) {
    found.push({
      subject: 'policy.undecided',
      what: `lowers policy.undecided from ${base.undecided} to ${head.undecided}`,
      old: base.undecided,
      new: head.undecided,
    });
  }
  const named = new Set([...Object.keys(base.rules), ...Object.keys(head.rules)]);
  for (const rule of Object.keys(catalogue).filter((id) => named.has(id))) {
    if (!isRuleId(rule)) continue;
    const [was, is] = [levelOf(base, rule), levelOf(head, rule)];
    if (LEVELS[is] < LEVELS[was]) {
      found.push({ subject: `policy.rules.${rule}`, what: `lowers ${rule} from ${was} to ${is}`, old: was, new: is });
    }
  }
  return found;
}

function waiverIdentity({ rule, subject, plugin, target }: Waiver): string {
  return JSON.stringify([rule, subject, plugin ?? null, target ?? null]);
}

function waiverRelaxations(base: readonly Waiver[], head: readonly Waiver[]): Relaxation[] {
  const known = new Map(base.map((waiver) => [waiverIdentity(waiver), waiver]));
  return head.flatMap((waiver): Relaxation[] => {
    const before = known.get(waiverIdentity(waiver));
    const name = `${waiver.rule} on ${waiver.subject}`;
    const place = {
      subject: `waiver ${name}`,
      waiver,
      ...(waiver.plugin === undefined ? {} : { plugin: waiver.plugin }),
    };
    if (before === undefined) return [{ ...place, what: `adds a waiver for ${name}, until ${waiver.expires}` }];
    if (waiver.expires <= before.expires) return [];
    return [
      {
        ...place,
        what: `extends the waiver for ${name} from ${before.expires} to ${waiver.expires}`,
        old: before.expires,
        new: waiver.expires,
      },
    ];
  });
}

/** Same content, whatever the order of keys. */
function same(left: unknown, right: unknown): boolean {
  return canonical(left) === canonical(right);
}

type Section = Readonly<Record<string, unknown>>;

/** Every key of a section that is gone or has another value. What was added asks more, not less. */
function changedKeys(path: string, base: Section, head: Section, plugin?: string): Relaxation[] {
  return Object.entries(base).flatMap(([key, was]): Relaxation[] => {
    const is = head[key];
    if (was === undefined || same(was, is)) return [];
    const subject = `${path}.${key}`;
    const shown = (value: unknown) => (typeof value === 'string' ? value : canonical(value));
    const about = { subject, old: shown(was), ...(plugin === undefined ? {} : { plugin }) };
    if (is === undefined) return [{ ...about, what: `removes ${subject}` }];
    return [{ ...about, new: shown(is), what: `changes ${subject} from ${shown(was)} to ${shown(is)}` }];
  });
}

/** Sections that can stand for all plugins and for one. */
const SHARED = ['baseline', 'signature', 'sandbox', 'rollback'] as const;

function sectionRelaxations(
  prefix: string,
  base: Pick<PluginConfig, (typeof SHARED)[number]>,
  head: Pick<PluginConfig, (typeof SHARED)[number]>,
  plugin?: string,
): Relaxation[] {
  return SHARED.flatMap((name): Relaxation[] => {
    const [was, is] = [base[name], head[name]];
    const subject = `${prefix}${name}`;
    if (was === undefined) {
      // A plugin that had what holds for all, and now has its own.
      if (prefix === '' || is === undefined) return [];
      return [{ subject, what: `gives ${plugin} its own ${name}`, new: canonical(is), ...(plugin && { plugin }) }];
    }
    if (is === undefined)
      return [{ subject, what: `removes ${subject}`, old: canonical(was), ...(plugin && { plugin }) }];
    return [...changedKeys(subject, was, is, plugin), ...weakerByKey(subject, was, is, plugin)].filter(
      ({ subject: at }) => !isTighter(at, was, is),
    );
  });
}

/** Keys that ask less where there was none. */
function weakerByKey(path: string, was: Section, is: Section, plugin?: string): Relaxation[] {
  if (!path.endsWith('signature') || was.log !== undefined || is.log !== 'optional') return [];
  const subject = `${path}.log`;
  return [{ subject, what: `asks for no log entry any more (${subject})`, new: 'optional', ...(plugin && { plugin }) }];
}

/** Changes that only ask more. */
function isTighter(subject: string, was: Section, is: Section): boolean {
  if (subject.endsWith('signature.required')) return was.required === false && is.required === true;
  if (subject.endsWith('signature.unprovenTime')) return was.unprovenTime === true && is.unprovenTime !== true;
  if (subject.endsWith('signature.log')) return is.log === 'required';
  if (subject.endsWith('signature.sct')) return is.sct === 'required';
  if (subject.endsWith('rollback.floor')) {
    return typeof was.floor === 'string' && typeof is.floor === 'string' && gte(is.floor, was.floor);
  }
  if (subject.endsWith('baseline.none')) return ['file', 'release', 'git', 'none'].some((key) => is[key] !== undefined);
  if (subject.endsWith('sandbox.timeout')) return Number(is.timeout) <= Number(was.timeout);
  return false;
}

/** What a plugin is and how it is built: the change itself, which the rest of its settings judges. */
export const SUBJECT_OF_CHANGE = ['name', 'kind', 'artifact', 'build', 'targets', 'version'] as const;

function pluginRelaxations(was: PluginConfig, plugins: readonly PluginConfig[]): Relaxation[] {
  const { name: plugin } = was;
  const is = plugins.find(({ name }) => name === plugin);
  const at = `plugins.${plugin}`;
  if (is === undefined) return [{ subject: at, plugin, what: `takes the plugin ${plugin} out of the gate` }];
  const found: Relaxation[] = [];
  const say = (key: string, what: string, more: Partial<Relaxation> = {}) =>
    found.push({ subject: `${at}.${key}`, plugin, what, ...more });

  if (was.kind !== is.kind) {
    say('kind', `makes the plugin ${plugin} a ${is.kind}, which is checked in other ways`, {
      old: was.kind,
      new: is.kind,
    });
  }
  for (const target of (was.targets ?? []).filter((one) => is.targets !== undefined && !is.targets.includes(one))) {
    say(`targets.${target}`, `no longer checks ${plugin} for ${target}`);
  }
  if (was.targets !== undefined && is.targets === undefined) {
    say('targets', `checks ${plugin} for the system of the runner only`, { old: was.targets.join(', ') });
  }
  if (was.build?.reproducible === true && is.build?.reproducible !== true) {
    say('build.reproducible', `no longer requires that the build of ${plugin} is reproducible`);
  }
  for (const symbol of was.symbols.required.filter((one) => !is.symbols.required.includes(one))) {
    say(`symbols.required.${symbol}`, `no longer requires that ${plugin} exports ${symbol}`);
  }
  for (const host of was.hosts) {
    const now = is.hosts.find(({ name }) => name === host.name);
    if (now === undefined) say(`hosts.${host.name}`, `no longer checks ${plugin} against the host ${host.name}`);
    else found.push(...changedKeys(`${at}.hosts.${host.name}`, host, now, plugin));
  }
  found.push(...headerRelaxations(was, is, at), ...sectionRelaxations(`${at}.`, was, is, plugin));

  // What no case above knows, and what later versions add: any change is shown.
  const told = new Set<string>([...SUBJECT_OF_CHANGE, ...SHARED, 'hosts', 'headers', 'symbols']);
  const rest = (from: PluginConfig): Section =>
    Object.fromEntries(Object.entries(from).filter(([key]) => !told.has(key)));
  const { required: _, ...symbolsWere } = was.symbols;
  const { required: __, ...symbolsAre } = is.symbols;
  found.push(
    ...changedKeys(at, rest(was), rest(is), plugin),
    ...changedKeys(`${at}.symbols`, symbolsWere, symbolsAre, plugin),
  );
  return found;
}

/** Without headers every type is the interface; with them, only the types declared there. */
function headerRelaxations(was: PluginConfig, is: PluginConfig, at: string): Relaxation[] {
  const plugin = was.name;
  const about = { subject: `${at}.headers`, plugin, old: was.headers.join(', '), new: is.headers.join(', ') };
  if (was.headers.length === 0) {
    return is.headers.length === 0
      ? []
      : [{ ...about, what: `takes types that are declared in no public header out of the interface of ${plugin}` }];
  }
  const gone = is.headers.length === 0 ? [] : was.headers.filter((header) => !is.headers.includes(header));
  return gone.length === 0
    ? []
    : [{ ...about, what: `no longer counts ${gone.join(', ')} as public headers of ${plugin}` }];
}

/** Paths whose change no longer has plugins checked where only changed ones are. */
function unrelatedPaths(base: GateConfig, head: GateConfig): Relaxation[] {
  const more = head.unrelated.filter((pattern) => !base.unrelated.includes(pattern));
  if (more.length === 0) return [];
  return [{ subject: 'unrelated', what: `calls ${more.join(', ')} unrelated to every plugin`, new: more.join(', ') }];
}

/** Plugins that the change adds are judged by what holds for all, where there is such a thing. */
function addedPlugins(base: GateConfig, head: GateConfig): Relaxation[] {
  const known = new Set(base.plugins.map(({ name }) => name));
  return head.plugins
    .filter(({ name, signature }) => !known.has(name) && base.signature !== undefined && signature !== undefined)
    .filter(({ signature }) => !same(signature, base.signature))
    .map(({ name, signature }) => ({
      subject: `plugins.${name}.signature`,
      plugin: name,
      what: `adds the plugin ${name} with a signature policy of its own`,
      new: canonical(signature),
    }));
}
