import { member, parseStrictJson } from '../signature/json.ts';
import { type Credentials, credentialsFor } from './credentials.ts';
import { type Answer, basic, bearerChallenge, bodyOf, get } from './http.ts';
import { OCI_LIMITS } from './limits.ts';
import { Refusal } from './outcome.ts';
import { isLoopback, originOf, type Reference } from './reference.ts';

/** Something of a registry that is named by its digest; the digest was computed here. */
export interface Content {
  readonly bytes: Buffer;
  readonly digest: string;
  /** As the registry calls it; only a hint. */
  readonly mediaType: string;
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Registries whose tokens come from another host of the same owner; credentials go to no other foreign host. */
const TOKEN_HOSTS: Readonly<Record<string, string>> = {
  'registry-1.docker.io': 'auth.docker.io',
  'registry.gitlab.com': 'gitlab.com',
};

/** Reads one repository of one registry (OCI distribution specification 1.1). Changes nothing there. */
export class Registry {
  readonly reference: Reference;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #authorization: string | undefined;
  #asked = false;

  /** @param environment where docker's configuration and its helpers are found */
  constructor(reference: Reference, environment: Readonly<Record<string, string | undefined>>) {
    this.reference = reference;
    this.#environment = environment;
  }

  #url(kind: 'manifests' | 'blobs' | 'referrers', name: string): string {
    return `${originOf(this.reference)}/v2/${this.reference.repository}/${kind}/${name}`;
  }

  async #get(url: string, accept: string, timeout: number): Promise<Answer> {
    const ask = () =>
      get({
        url,
        accept,
        timeout,
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
      });
    const answer = await ask();
    // A challenge of a host that was redirected to is not ours to meet.
    if (answer.status !== 401 || this.#asked || new URL(answer.url).origin !== originOf(this.reference)) return answer;
    this.#asked = true;
    await answer.response.body?.cancel();
    this.#authorization = await this.#authorize(answer.headers.get('www-authenticate'));
    return this.#authorization === undefined ? answer : await ask();
  }

  async #authorize(header: string | null): Promise<string | undefined> {
    const credentials = await credentialsFor(this.reference.account, this.#environment);
    const challenge = bearerChallenge(header);
    if (challenge === undefined) return credentials === undefined ? undefined : basic(credentials);
    return await this.#token(challenge, credentials);
  }

  /** A token by the token specification of distribution (docs/spec/auth/token.md). */
  async #token(challenge: ReadonlyMap<string, string>, credentials: Credentials | undefined): Promise<string> {
    const { host } = this.reference;
    const place = challenge.get('realm') ?? '';
    const realm = URL.canParse(place) ? new URL(place) : null;
    const loopback = realm !== null && isLoopback(realm.host) && isLoopback(host);
    if (realm === null || (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && loopback))) {
      throw new Refusal(
        'oci/malformed',
        `The registry ${host} names no place, or an unsafe one, that gives out tokens.`,
      );
    }
    const trusted = realm.host === host || realm.host === TOKEN_HOSTS[host];
    if (credentials !== undefined && !trusted) {
      throw new Refusal(
        'oci/unavailable',
        `The registry ${host} wants a token from ${realm.host}. The password for ${host} is not sent to another host.`,
      );
    }
    const service = challenge.get('service');
    if (service !== undefined) realm.searchParams.set('service', service);
    realm.searchParams.set('scope', `repository:${this.reference.repository}:pull`);
    const answer = await get({
      url: realm.href,
      accept: 'application/json',
      ...(credentials === undefined ? {} : { authorization: basic(credentials) }),
    });
    const { bytes } = await bodyOf(answer, OCI_LIMITS.manifestBytes);
    const parsed = parseStrictJson(bytes, { bytes: OCI_LIMITS.manifestBytes, depth: 8, values: 1000 });
    const token = parsed.ok ? (member(parsed.value, 'token') ?? member(parsed.value, 'access_token')) : undefined;
    if (answer.status !== 200 || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
      throw new Refusal(
        'oci/unavailable',
        `The registry ${host} gave no access to ${this.reference.repository} (HTTP ${answer.status} of ${realm.host}).`,
      );
    }
    return `Bearer ${token}`;
  }

  /**
   * @param absent statuses that say that there is none
   * @returns undefined when there is none
   */
  async #content(
    url: string,
    accept: string,
    most: number,
    timeout: number,
    absent: readonly number[] = [404],
  ): Promise<Content | undefined> {
    const answer = await this.#get(url, accept, timeout);
    const { status } = answer;
    if (status === 200) {
      const type = (answer.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
      return { ...(await bodyOf(answer, most)), mediaType: type };
    }
    await answer.response.body?.cancel();
    if (absent.includes(status)) return undefined;
    const { host, repository } = this.reference;
    const access = status === 401 || status === 403 ? ` Log in to exactly ${host} (docker login ${host}).` : '';
    throw new Refusal('oci/unavailable', `The registry ${host} refused ${repository} with HTTP ${status}.${access}`);
  }

  /**
   * A manifest or index by tag or digest.
   * @returns undefined when there is none
   * @throws Refusal when its digest is another one than asked for
   */
  async manifest(name: string): Promise<Content | undefined> {
    const content = await this.#content(
      this.#url('manifests', name),
      MANIFESTS,
      OCI_LIMITS.manifestBytes,
      OCI_LIMITS.answerMs,
    );
    if (content !== undefined && name.startsWith('sha256:')) this.#mustBe(name, content.digest, 'manifest');
    return content;
  }

  /** A blob, of exactly this digest and size. @throws Refusal */
  async blob(digest: string, size: number, most: number): Promise<Buffer> {
    if (size > most) {
      throw new Refusal('oci/too-large', `The blob ${digest} has ${size} bytes; at most ${most} are read.`);
    }
    const content = await this.#content(this.#url('blobs', digest), '*/*', size, OCI_LIMITS.blobMs);
    if (content === undefined)
      throw new Refusal('oci/unavailable', `The registry does not have the blob ${digest} that its manifest names.`);
    this.#mustBe(digest, content.digest, 'blob');
    if (content.bytes.length !== size) {
      throw new Refusal(
        'oci/digest-mismatch',
        `Expected ${size} bytes of the blob ${digest}, found ${content.bytes.length}.`,
      );
    }
    return content.bytes;
  }

  #mustBe(expected: string, found: string, what: string): void {
    if (expected === found) return;
    throw new Refusal(
      'oci/digest-mismatch',
      `Expected the ${what} ${expected} from ${this.reference.host}, found content with the digest ${found}.`,
    );
  }

  /**
   * The index of what refers to a manifest: by the referrers API, or by the tag that stands in for it where a registry
   * has no such API (distribution specification, "Referrers Tag Schema").
   */
  async referrers(digest: string): Promise<Content | undefined> {
    const found = await this.#content(
      this.#url('referrers', digest),
      MANIFESTS,
      OCI_LIMITS.manifestBytes,
      OCI_LIMITS.answerMs,
      // What registries answer that never heard of the API.
      [400, 404, 405, 501],
    );
    return found ?? (await this.manifest(digest.replace(':', '-')));
  }
}
