import type { GateReport } from '../gate/report.ts';
import type { Location } from '../rules/finding.ts';

/** Where the sources of a report can be looked at. */
export interface SourceLinks {
  /** `https://github.com` or an enterprise server. */
  readonly server: string;
  /** `owner/name` */
  readonly repository: string;
  /** Full hash of the commit that was judged. */
  readonly commit: string;
}

/** Links from the report's own source, on github.com unless another server is given. */
export function linksOf({ source }: GateReport, server = 'https://github.com'): SourceLinks | undefined {
  if (source?.repository === undefined || source.commit === undefined) return undefined;
  return { server, repository: source.repository, commit: source.commit };
}

/**
 * Segments of a path inside the repository, or undefined for anything else: absolute, climbing, with a drive, a
 * backslash or a control character. Paths in reports may come from debug information, which its author chooses.
 */
export function repositorySegments(file: string): readonly string[] | undefined {
  if (file === '' || file.length > 4096 || /^[/~]|^[A-Za-z][A-Za-z0-9+.-]*:|[\\\p{Cc}\p{Cs}]/u.test(file))
    return undefined;
  const segments = file.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.length === 0 || segments.includes('..') ? undefined : segments;
}

/** A path inside the repository as a relative URI reference (RFC 3986 section 4.2), percent-encoded; else undefined. */
export function repositoryUri(file: string): string | undefined {
  return repositorySegments(file)?.map(encodeSegment).join('/');
}

/** Address of a line of a file at the judged commit; undefined when it cannot be one. */
export function sourceLink(links: SourceLinks | undefined, { file, line }: Location): string | undefined {
  const path = repositoryUri(file);
  if (links === undefined || path === undefined || !Number.isSafeInteger(line) || line < 1) return undefined;
  const { server, repository, commit } = links;
  if (!/^https?:\/\/[A-Za-z0-9.-]+(:\d+)?$/.test(server)) return undefined;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository) || !/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(commit)) return undefined;
  return `${server}/${repository}/blob/${commit}/${path}#L${line}`;
}

/** As encodeURIComponent, and also what Markdown and shells take as syntax. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*~_]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
