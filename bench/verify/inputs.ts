// Makes what bench/verify/run.mjs reads: files, each signed by a certificate of its own with a log entry, one trusted
// root, and a signed verdict. Node 24 runs it as it is:
//   node bench/verify/inputs.ts DIRECTORY [FILES]
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verificationSummary } from '../../src/verdict/statement.ts';
import { decision } from '../../test/record/decision.ts';
import { keyPair, keySigner, SigstoreStack, sha256 } from '../../test/support/sigstore-stack.ts';

const [directory = '', count = '1000'] = process.argv.slice(2);
if (directory === '') throw new Error('usage: node bench/verify/inputs.ts DIRECTORY [FILES]');
mkdirSync(directory, { recursive: true });
const at = (name: string) => join(directory, name);
const stack = await SigstoreStack.start();
try {
  writeFileSync(at('trusted_root.json'), JSON.stringify(stack.trustedRoot));
  for (let number = 0; number < Number(count); number++) {
    const bytes = randomBytes(100_000);
    writeFileSync(at(`${number}.so`), bytes);
    writeFileSync(at(`${number}.so.sigstore.json`), JSON.stringify(await stack.signBlob(bytes)));
    if (number > 0) continue;
    const keys = keyPair();
    const signer = keySigner(keys.privateKey, keys.publicKey);
    const artifact = { file: '0.so', digest: `sha256:${sha256(bytes)}`, size: bytes.length };
    const stated = verificationSummary(decision({ artifact }), { id: 'https://example.org/release-gate' });
    writeFileSync(at('key.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(at('0.so.key.json'), JSON.stringify(await stack.signBlob(bytes, signer, { log: 'none' })));
    writeFileSync(at('0.so.vsa.sigstore.json'), JSON.stringify(await stack.attest(stated, signer, { log: 'none' })));
    writeFileSync(at('0.so.keyless-vsa.json'), JSON.stringify(await stack.attest(stated)));
  }
} finally {
  await stack.stop();
}
