import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/** The real cosign and its services; scripts/sigstore-tools.sh builds them. Import this before describeWith is called. */

const built = new URL('../../.cache/sigstore-tools/bin', import.meta.url).pathname;
if (existsSync(built)) process.env.PATH = `${built}:${process.env.PATH}`;

const run = promisify(execFile);

/** A cosign with a home of its own, and no way to a Sigstore instance that no option names. */
export function cosignIn(home: string) {
  const env = { PATH: process.env.PATH, HOME: home, COSIGN_PASSWORD: '' };
  return async (...args: readonly string[]): Promise<{ readonly ok: boolean; readonly said: string }> => {
    try {
      const { stdout, stderr } = await run('cosign', args, { cwd: home, env, timeout: 60_000 });
      return { ok: true, said: `${stdout}${stderr}` };
    } catch (error) {
      const { stdout = '', stderr = '' } = { stdout: '', stderr: '', ...Object(error) };
      return { ok: false, said: `${stdout}${stderr}` };
    }
  };
}

/** A private key by OpenSSL: PKCS #8 in PEM, and the public half beside it as NAME.pub. */
export function opensslKey(directory: string, name: string, algorithm: string, ...options: readonly string[]): void {
  const pkeyopt = options.flatMap((option) => ['-pkeyopt', option]);
  const key = `${directory}/${name}.pem`;
  execFileSync('openssl', ['genpkey', '-algorithm', algorithm, ...pkeyopt, '-out', key], { stdio: 'pipe' });
  execFileSync('openssl', ['pkey', '-in', key, '-pubout', '-out', `${directory}/${name}.pub`], { stdio: 'pipe' });
}
