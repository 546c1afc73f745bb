import { beforeAll, expect, it } from '@jest/globals';
import { type OwnAuthority, parseAuthority } from '../../src/signature/authority.ts';
import type { CertificateSigner, NameMatch, SignaturePolicy } from '../../src/signature/policy.ts';
import { publicGoodRoot, type Trust, withTimestampAuthority } from '../../src/signature/trust.ts';
import { verifyArtifact } from '../../src/signature/verify.ts';
import { describeWith } from '../support/needs.ts';
import { CA, type Issued, leafFor, OpensslAuthority, P384, RSA } from '../support/openssl-authority.ts';
import { sha256 } from '../support/sigstore-stack.ts';
import { workspace } from '../support/workspace.ts';
import { FILE } from './verifying.ts';

const SPIFFE = 'spiffe://example.org/ns/ci/sa/plugin-signer';
const exact = (value: string): NameMatch => ({ kind: 'exact', value });
const SIGNER: CertificateSigner = {
  kind: 'certificate',
  identity: exact(SPIFFE),
  identityType: 'uri',
  issuer: 'absent',
  sct: 'required',
  time: 'now',
};
const changed = Buffer.from(FILE);
changed[9] = (changed[9] ?? 0) ^ 1;

describeWith(['openssl'], 'an authority of our own, run by OpenSSL', () => {
  const openssl = new OpensslAuthority(workspace());
  const named = (...pems: Buffer[]) => ({ bytes: Buffer.concat(pems), name: 'roots.pem' });
  let root: Issued;
  let middle: Issued;
  let leaf: Issued;
  let stranger: Issued;
  let own: OwnAuthority;
  beforeAll(() => {
    root = openssl.issue('Example root', { extensions: CA, to: 3650 });
    middle = openssl.issue('Example signing', { extensions: CA, to: 1000 }, root);
    leaf = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`) }, middle);
    stranger = openssl.issue('Example root', { extensions: CA });
    own = parseAuthority(named(root.pem));
  });

  interface Asked {
    readonly by?: Issued;
    /** What is sent with the leaf. */
    readonly with?: readonly Issued[];
    readonly authority?: OwnAuthority;
    readonly signer?: Partial<CertificateSigner>;
    readonly file?: Uint8Array;
    readonly hash?: string;
    readonly now?: Date;
    readonly timestamp?: Uint8Array;
    readonly signature?: Uint8Array;
    readonly trust?: Trust;
  }
  async function refusals(asked: Asked = {}): Promise<readonly string[]> {
    const by = asked.by ?? leaf;
    const policy: SignaturePolicy = { signer: { ...SIGNER, ...asked.signer }, log: 'optional' };
    const { findings } = await verifyArtifact({
      artifact: asked.file ?? FILE,
      signature: {
        form: 'detached',
        bytes: asked.signature ?? openssl.sign(by, FILE, asked.hash),
        name: 'plugin.so.sig',
        certificate: Buffer.concat([by, ...(asked.with ?? [middle])].map(({ pem }) => pem)),
        ...(asked.timestamp === undefined ? {} : { timestamp: asked.timestamp }),
      },
      policy,
      authority: asked.authority ?? own,
      ...(asked.now === undefined ? {} : { now: asked.now }),
      ...(asked.trust === undefined ? {} : { trust: asked.trust }),
    });
    return findings.map(({ rule, message }) => `${rule}: ${message}`);
  }
  const only = (rule: string, words: string) => [expect.stringMatching(new RegExp(`^${rule}: .*${words}`))];

  it('a SPIFFE identity through an intermediate that came with the signature', async () => {
    expect(await refusals()).toEqual([]);
  });

  it('the intermediate given by the user instead', async () => {
    const authority = parseAuthority(named(root.pem), { bytes: middle.pem, name: 'middle.pem' });
    expect(await refusals({ with: [], authority })).toEqual([]);
  });

  it('no intermediate at all', async () => {
    expect(await refusals({ with: [] })).toEqual(only('sig/untrusted-root', 'no authority in roots.pem signed'));
  });

  it('a leaf right below the root', async () => {
    const direct = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`) }, root);
    expect(await refusals({ by: direct, with: [] })).toEqual([]);
  });

  it('keys of other kinds: P-384 with SHA-384, RSA with SHA-512', async () => {
    const p384 = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`), key: P384 }, middle);
    const rsa = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`), key: RSA }, middle);
    expect(await refusals({ by: p384, hash: 'sha384' })).toEqual([]);
    expect(await refusals({ by: rsa, hash: 'sha512' })).toEqual([]);
  });

  it('a certificate in DER, and PEM in base64 as cosign 2 writes it', async () => {
    const direct = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`) }, root);
    const der = openssl.run('x509', '-in', direct.certificate, '-outform', 'der');
    for (const pem of [der, Buffer.from(direct.pem.toString('base64'))]) {
      expect(await refusals({ by: { ...direct, pem }, with: [] })).toEqual([]);
    }
  });

  it('another file', async () => {
    expect(await refusals({ file: changed })).toEqual(only('sig/invalid', 'by the key in the certificate'));
  });

  it('another name, another kind of name, and two names', async () => {
    const of = (names: string) => refusals({ by: openssl.issue('signer', { extensions: leafFor(names) }, middle) });
    expect(await of(`URI:${SPIFFE}x`)).toEqual(only('sig/wrong-identity', 'plugin-signerx'));
    expect(await of('email:ci@example.org')).toEqual(only('sig/wrong-identity', 'email'));
    expect(await of(`URI:${SPIFFE},URI:spiffe://example.org/other`)).toEqual(only('sig/ambiguous-identity', 'found 2'));
  });

  it('an issuer is asked for, and the certificate names none', async () => {
    const issuer = exact('https://issuer.example.org');
    expect(await refusals({ signer: { issuer } })).toEqual(only('sig/wrong-issuer', 'found none'));
  });

  it('a root with the same name and another key', async () => {
    const authority = parseAuthority(named(stranger.pem));
    expect(await refusals({ authority })).toEqual(only('sig/untrusted-root', 'no authority'));
  });

  it('a stranger that sends its own root along', async () => {
    const by = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`) }, stranger);
    expect(await refusals({ by, with: [stranger] })).toEqual(only('sig/untrusted-root', 'no authority'));
  });

  it('an intermediate that is no authority', async () => {
    const plain = openssl.issue('not a CA', { extensions: leafFor('URI:spiffe://example.org/leaf') }, root);
    const by = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`) }, plain);
    expect(await refusals({ by, with: [plain] })).toEqual(only('sig/untrusted-root', ''));
  });

  it('a root that allows no intermediate', async () => {
    const strict = openssl.issue('Strict root', {
      extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign'],
    });
    const below = openssl.issue('Below', { extensions: CA }, strict);
    const authority = parseAuthority(named(strict.pem));
    const [direct, deep] = [strict, below].map((by) =>
      openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`) }, by),
    );
    expect(await refusals({ by: direct, with: [], authority })).toEqual([]);
    expect(await refusals({ by: deep, with: [below], authority })).toEqual(
      only('sig/untrusted-root', 'allows 0 intermediates'),
    );
  });

  it('an intermediate for web servers only, and one with name constraints', async () => {
    const web = openssl.issue('Web', { extensions: [...CA, 'extendedKeyUsage=serverAuth'] }, root);
    const bound = openssl.issue('Bound', { extensions: [...CA, 'nameConstraints=permitted;DNS:example.org'] }, root);
    const through = (by: Issued) =>
      refusals({ by: openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`) }, by), with: [by] });
    expect(await through(web)).toEqual(only('sig/untrusted-root', 'not for code signing'));
    expect(await through(bound)).toEqual(only('sig/untrusted-root', 'name constraints'));
  });

  it('a leaf for web servers, and one that is an authority', async () => {
    const web = openssl.issue(
      'signer',
      { extensions: ['keyUsage=digitalSignature', 'extendedKeyUsage=serverAuth', `subjectAltName=URI:${SPIFFE}`] },
      middle,
    );
    const ca = openssl.issue(
      'signer',
      {
        extensions: [
          'basicConstraints=CA:TRUE',
          'keyUsage=digitalSignature,keyCertSign',
          'extendedKeyUsage=codeSigning',
          `subjectAltName=URI:${SPIFFE}`,
        ],
      },
      middle,
    );
    expect(await refusals({ by: web })).toEqual(only('sig/wrong-eku', 'code signing'));
    expect(await refusals({ by: ca })).toEqual(only('sig/unfit-certificate', 'it is a CA certificate'));
  });

  it('a chain signed with SHA-1', async () => {
    const old = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`), hash: 'sha1' }, middle);
    expect(await refusals({ by: old })).toEqual(only('sig/untrusted-root', 'broken digest'));
  });

  it('without proof of time: a certificate that is valid now, that ended, that begins later', async () => {
    const ended = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`), from: -20, to: -10 }, middle);
    expect(await refusals({ by: ended })).toEqual(only('sig/certificate-expired', 'the time of this check'));
    expect(await refusals({ by: ended, now: new Date(Date.now() - 15 * 864e5) })).toEqual(
      only('sig/certificate-expired', 'the authority'),
    );
    const later = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`), from: 10, to: 20 }, middle);
    expect(await refusals({ by: later })).toEqual(only('sig/certificate-expired', 'the signing certificate'));
  });

  it('a time must be proven when the policy does not waive it', async () => {
    expect(await refusals({ signer: { time: 'proven' } })).toEqual(only('sig/no-time', 'log promise or a timestamp'));
  });

  it('a timestamp token proves the time, by its own authority only, and over this signature only', async () => {
    const tsa = openssl.issue(
      'Stamps',
      { extensions: ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=critical,timeStamping'], from: -400 },
      root,
    );
    const signature = openssl.sign(leaf, FILE);
    const timestamp = openssl.stamp(tsa, signature);
    const trust = withTimestampAuthority(publicGoodRoot(), {
      bytes: Buffer.concat([tsa.pem, root.pem]),
      name: 'tsa.pem',
    });
    const asked: Asked = { signature, timestamp, trust, signer: { time: 'proven' } };
    // The token is from now: what was valid at that time counts later, too.
    expect(await refusals({ ...asked, now: new Date(Date.now() + 5000 * 864e5) })).toEqual([]);
    expect(await refusals({ ...asked, trust: publicGoodRoot() })).toEqual(
      only('sig/untrusted-time', 'does not verify'),
    );
    const other = openssl.stamp(tsa, openssl.sign(leaf, FILE));
    expect(await refusals({ ...asked, timestamp: other })).toEqual(only('sig/untrusted-time', ''));
    const ended = openssl.issue('signer', { extensions: leafFor(`URI:${SPIFFE}`), from: -1, to: -0.5 }, middle);
    const late = openssl.sign(ended, FILE);
    expect(await refusals({ ...asked, by: ended, signature: late, timestamp: openssl.stamp(tsa, late) })).toEqual(
      only('sig/certificate-expired', 'timestamp-authority'),
    );
    expect(await refusals({ ...asked, timestamp: Buffer.from('no token') })).toHaveLength(1);
  });

  it('the digest of the file in an otherName that OpenSSL writes, as text or as bytes', async () => {
    const oid = '1.3.6.1.4.1.99999.1';
    const digest = sha256(FILE);
    const naming = (...names: readonly string[]) => {
      const extensions = [...leafFor('').slice(0, -1), 'subjectAltName=@names', '[names]', `URI.0=${SPIFFE}`, ...names];
      return refusals({ by: openssl.issue('signer', { extensions }, middle), signer: { digestOid: oid } });
    };
    expect(await naming(`otherName.0=${oid};UTF8:sha256:${digest}`)).toEqual([]);
    expect(await naming(`otherName.0=${oid};FORMAT:HEX,OCT:${digest}`)).toEqual([]);
    const wrong = (words: string) => only('sig/wrong-certificate-digest', words);
    expect(await naming(`otherName.0=${oid};UTF8:sha256:${'0'.repeat(64)}`)).toEqual(wrong('found sha256 0000'));
    expect(await naming(`otherName.0=${oid};UTF8:${digest}`)).toEqual(wrong('no SHA-256 digest'));
    expect(await naming(`otherName.0=${oid};UTF8:sha256:${digest.toUpperCase()}`)).toEqual(wrong('no SHA-256 digest'));
    expect(await naming(`otherName.0=${oid};IA5:sha256:${digest}`)).toEqual(wrong('no SHA-256 digest'));
    expect(await naming(`otherName.0=${oid};FORMAT:HEX,OCT:${digest}00`)).toEqual(wrong('no SHA-256 digest'));
    expect(await naming()).toEqual(wrong('no such name'));
    expect(
      await naming(`otherName.0=${oid};UTF8:sha256:${digest}`, `otherName.1=${oid};UTF8:sha256:${digest}`),
    ).toEqual(wrong('2 of them'));
    expect(await naming(`otherName.0=${oid}0;UTF8:sha256:${digest}`)).toHaveLength(2);
  });

  it('parts that are none', async () => {
    const damaged = { ...leaf, pem: Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') };
    expect(await refusals({ by: damaged, with: [] })).toEqual(only('sig/malformed', 'not X.509'));
    expect(await refusals({ by: { ...leaf, pem: Buffer.from('x') }, with: [] })).toEqual(
      only('sig/malformed', 'no certificate in PEM'),
    );
    const key = openssl.run('pkey', '-in', leaf.key);
    expect(await refusals({ by: { ...leaf, pem: key }, with: [], signature: openssl.sign(leaf, FILE) })).toEqual(
      only('sig/malformed', 'private key'),
    );
    expect(await refusals({ signature: new Uint8Array() })).toEqual(only('sig/malformed', 'empty file'));
    expect(await refusals({ signature: new Uint8Array(20_000) })).toEqual(only('sig/too-large', '16384'));
  });

  it.each([
    ['an intermediate as a root', () => [middle.pem], 'not a root'],
    ['a leaf as a root', () => [leaf.pem], 'not a root'],
    ['no certificate', () => [Buffer.from('roots')], 'no certificate in PEM'],
    ['a root that is cut', () => [root.pem.subarray(0, 300)], 'no certificate in PEM'],
    ['a root and one that is cut', () => [root.pem, root.pem.subarray(0, 300)], 'not complete'],
  ])('%s is a usage error', (_, pems, why) => {
    expect(() => parseAuthority(named(...pems()))).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
    );
  });

  it('the time may be waived only for an authority of our own', async () => {
    const signature = { form: 'detached', bytes: openssl.sign(leaf, FILE), name: 's', certificate: leaf.pem } as const;
    await expect(
      verifyArtifact({ artifact: FILE, signature, policy: { signer: SIGNER, log: 'optional' } }),
    ).rejects.toThrow('waived only');
  });

  it('by the digest alone it cannot be decided', async () => {
    const signature = {
      form: 'detached',
      bytes: openssl.sign(leaf, FILE),
      name: 's',
      certificate: Buffer.concat([leaf.pem, middle.pem]),
    } as const;
    const { findings } = await verifyArtifact({
      artifact: `sha256:${'0'.repeat(64)}`,
      signature,
      policy: { signer: SIGNER, log: 'optional' },
      authority: own,
    });
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['sig/needs-file', 'undecided']]);
  });
});
