import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ARTIFACT_LIMITS } from '../artifact/read.ts';
import { expandTokens, type Tokens } from '../build/tokens.ts';
import { finding } from '../rules/make.ts';
import { plural } from '../text/units.ts';
import type { DigestCache } from './digest-cache.ts';
import type { FetchOutcome } from './fetched.ts';
import type { ReleaseSource } from './release-source.ts';
import { type Candidate, candidates, matchingAssets, type ReleaseChoice, type ThisRelease } from './select-release.ts';

export interface ReleaseBaseline extends ReleaseChoice {
  /** Pattern of the asset's name, with tokens. */
  readonly asset: string;
  /** `sha256:<hex>` that the asset must have. */
  readonly digest?: string;
}

export interface ReleaseRequest {
  readonly config: ReleaseBaseline;
  readonly tokens: Tokens;
  readonly own: ThisRelease;
  readonly source: ReleaseSource;
  /** Absolute path of the directory that the asset is put in. */
  readonly directory: string;
  /** Assets that were fetched before, by their digest. */
  readonly cache?: DigestCache;
}

/** Names that a message lists. */
const SHOWN = 10;

/**
 * Fetches the previous release from the releases of a repository: the best candidate that has an asset for this plugin and
 * target. A repository that never released the plugin is told so, with a note or a warning; a release that should have the
 * asset and does not, or has two, is undecided.
 * @throws EnvironmentError when the releases cannot be had
 */
export async function fetchRelease(request: ReleaseRequest): Promise<FetchOutcome> {
  const { config, source, own, tokens } = request;
  const releases = await source.list();
  const latest = config.select === 'latest' ? await source.latestTag() : undefined;
  const possible = candidates(releases, config, own, latest);
  const pattern = (one: Candidate) =>
    expandTokens(config.asset, { ...tokens, version: one.version }, `baseline asset of plugin ${tokens.name}`);
  const subject = tokens.name;
  const where = `${source.repository} for ${tokens.os}/${tokens.arch}`;

  const published = releases.filter(({ draft, tag }) => !draft && tag !== own.tag);
  if (published.length === 0) {
    const message = `${source.repository} has no earlier release: this is the first one of ${subject}, and nothing was compared.`;
    return { findings: [finding('baseline/first-release', message, { subject, severity: 'note' })] };
  }
  if (possible.length === 0) {
    const tags = published.slice(0, SHOWN).map(({ tag }) => tag);
    const message = `None of the ${plural(published.length, 'release')} of ${source.repository} (${tags.join(', ')}) is one that ${subject} could be compared with: ${wanted(config, own)}.`;
    return { findings: [finding('baseline/missing', message, { subject, fix: PATTERN_FIX })] };
  }
  const usable = possible.filter((one) => !one.release.tag.includes('\0'));
  const found = usable.find((one) => matchingAssets(one.release, pattern(one)).length > 0);
  const [best] = usable;
  if (found === undefined || best === undefined) {
    const names = best?.release.assets.slice(0, SHOWN).map(({ name }) => name) ?? [];
    const has = names.length === 0 ? 'no assets' : names.join(', ');
    const message = `No release of ${where} has an asset ${config.asset}; ${best?.release.tag ?? 'the newest'} has ${has}. If this is the first release of ${subject}, there is nothing to compare with; else the name is wrong.`;
    return { findings: [finding('baseline/first-release', message, { subject })] };
  }
  if (found !== best) {
    const message = `The release ${best.release.tag} of ${where} has no asset ${pattern(best)}, but ${found.release.tag} had one: what users have now cannot be compared with.`;
    return { findings: [finding('baseline/missing', message, { subject, fix: ASSET_FIX })] };
  }
  const [asset, second] = matchingAssets(best.release, pattern(best));
  if (asset === undefined || second !== undefined) {
    const names = matchingAssets(best.release, pattern(best)).map(({ name }) => name);
    const message = `The release ${best.release.tag} of ${where} has ${plural(names.length, 'asset')} that fit ${pattern(best)}: ${names.slice(0, SHOWN).join(', ')}. One must be left.`;
    return { findings: [finding('baseline/missing', message, { subject, fix: ASSET_FIX })] };
  }
  const from = `${asset.name} of release ${best.release.tag} of ${source.repository}`;
  if (asset.size > ARTIFACT_LIMITS.maxSize) {
    const message = `${from} has ${asset.size} bytes; up to ${ARTIFACT_LIMITS.maxSize} are read.`;
    return { findings: [finding('baseline/unusable', message, { subject })] };
  }
  const expected = config.digest ?? asset.digest;
  const known = expected === undefined ? undefined : await request.cache?.read(expected);
  const bytes = known ?? (await source.download(asset, ARTIFACT_LIMITS.maxSize));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (expected !== undefined && digest !== expected) {
    const who = config.digest === undefined ? 'GitHub says' : 'the configuration pins';
    const message = `${from} has the digest ${digest}, and ${who} ${expected}. It was replaced, or damaged on its way.`;
    return { findings: [finding('baseline/unusable', message, { subject, fix: 'Find out who replaced the asset.' })] };
  }
  if (known === undefined) await request.cache?.write(digest, bytes);
  await mkdir(request.directory, { recursive: true });
  const file = 'release';
  await writeFile(join(request.directory, file), bytes);
  const { version } = best;
  return { fetched: { root: request.directory, file, source: from, ...(version === undefined ? {} : { version }) } };
}

const PATTERN_FIX =
  'Correct `baseline.release` (tag, line, prereleases), or say with `baseline.none` why there is no previous release.';
const ASSET_FIX = 'Upload the asset to that release, or correct `baseline.release.asset`.';

function wanted({ tag, select, prereleases, line }: ReleaseChoice, own: ThisRelease): string {
  const parts = [`the tag must fit ${tag}`];
  if (select === 'highest') parts.push('end with a version');
  if (!prereleases) parts.push('be no pre-release');
  if (own.version !== undefined || own.tag !== undefined) parts.push(`be below ${own.version ?? own.tag}`);
  if (line !== undefined) parts.push(`have the same ${line} version`);
  if (select === 'latest') parts.push('be the one that GitHub calls the latest');
  return parts.join(', ');
}
