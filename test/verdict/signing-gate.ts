import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { runGate as RunGate } from '../../src/gate/run.ts';

/**
 * The gate with what signs by Sigstore, in one CommonJS file: those packages need ES modules through require(), which
 * node can do and jest under Node 20 cannot.
 */
export function bundledGate(directory: string): typeof RunGate {
  const outfile = join(directory, 'gate.cjs');
  const source = new URL('../../src/gate/run.ts', import.meta.url);
  buildSync({
    entryPoints: [source.pathname],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    outfile,
    logLevel: 'error',
    define: { 'import.meta.url': JSON.stringify(source.href) },
  });
  return createRequire(import.meta.url)(outfile).runGate;
}

/** Where a runner hands out identity tokens; keeps what it was asked. */
export interface TokenService {
  readonly environment: Readonly<Record<string, string>>;
  readonly asked: string[];
  readonly stop: () => Promise<void>;
}

export async function tokenService(
  answer: () => { readonly status?: number; readonly body: string },
): Promise<TokenService> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    const { status = 200, body } = answer();
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    asked,
    environment: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${address.port}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'token-of-the-runner',
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
