import { UsageError } from '../errors.ts';

/** A place in a registry (OCI distribution specification), with the file that is meant inside. */
export interface Reference {
  /** As the user wrote it. */
  readonly text: string;
  /** Host and port that requests and credentials go to: `registry.example.org:5000`. */
  readonly host: string;
  /** Host under which docker keeps credentials; differs from `host` for Docker Hub alone. */
  readonly account: string;
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:<64 hex>`: what the manifest or index must be. */
  readonly digest?: string;
  /** Path of the file in the image, or its title in an artifact. */
  readonly path?: string;
}

const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
export const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** Whether a text is meant as a place in a registry. */
export function isReference(text: string): boolean {
  return text.startsWith('oci://');
}

/** Path inside an image, without `.`, `..`, empty parts or a slash at the start; undefined when it is none. */
export function cleanPath(path: string): string | undefined {
  const parts = path.replace(/^\/+/, '').split('/');
  if (path === '' || path.length > 4096 || parts.some((part) => part === '' || part === '.' || part === '..'))
    return undefined;
  return /[\u0000-\u001f\u007f]/.test(path) ? undefined : parts.join('/');
}

/**
 * `oci://host/name[:tag][@sha256:digest][#path/of/the/file.so]`.
 * @throws UsageError for any other text
 */
export function parseReference(text: string): Reference {
  const refuse = (why: string): never => {
    throw new UsageError(
      `"${text.slice(0, 300)}" is not a place in a registry: ${why}. Write oci://host/name:tag, with @sha256:... behind it to pin it, and #path/of/the/file.so for a file in an image.`,
    );
  };
  if (!isReference(text) || text.length > 4096) return refuse('it does not begin with oci://');
  const [whole = '', ...fragment] = text.slice('oci://'.length).split('#');
  const path = fragment.length === 0 ? undefined : cleanPath(fragment.join('#'));
  if (fragment.length > 0 && path === undefined) return refuse('the path behind # is not one inside an image');
  const slash = whole.indexOf('/');
  if (slash < 0) return refuse('it has no name behind the host');
  const host = whole.slice(0, slash);
  if (!HOST.test(host) || !/[.:]|^localhost$/.test(host)) return refuse(`"${host}" is not a host in full`);
  const [name = '', digest, ...more] = whole.slice(slash + 1).split('@');
  if (more.length > 0 || (digest !== undefined && !SHA256.test(digest))) {
    return refuse('behind @ there must be sha256: and 64 lower-case hex digits');
  }
  const colon = name.indexOf(':');
  const repository = colon < 0 ? name : name.slice(0, colon);
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  if (!REPOSITORY.test(repository) || repository.length > 255) return refuse(`"${repository}" is not a name`);
  if (tag !== undefined && !TAG.test(tag)) return refuse(`"${tag}" is not a tag`);
  if (tag === undefined && digest === undefined) return refuse('it has neither a tag nor a digest');
  const hub = host === 'docker.io' || host === 'index.docker.io';
  return {
    text,
    host: hub ? 'registry-1.docker.io' : host,
    account: hub ? 'index.docker.io' : host,
    repository: hub && !repository.includes('/') ? `library/${repository}` : repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(path === undefined ? {} : { path }),
  };
}

/** Whether a host is this machine itself: the only one that may be asked without TLS. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/.test(host);
}

/** Where requests of a reference go to. */
export function originOf({ host }: Pick<Reference, 'host'>): string {
  return `${isLoopback(host) ? 'http' : 'https'}://${host}`;
}
