import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach } from '@jest/globals';

/** A request as the server got it. */
export interface Got {
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface Listening {
  /** `127.0.0.1:port`, or `localhost:port`: another host on the same machine. */
  readonly host: string;
  readonly requests: Got[];
}

const open = new Set<() => Promise<void>>();
afterEach(async () => {
  await Promise.all([...open].map((stop) => stop()));
  open.clear();
});

/** A server on loopback that answers as the test says, until the test ends. */
export async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  name = '127.0.0.1',
): Promise<Listening> {
  const requests: Got[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, name, resolve));
  open.add(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: `${name}:${address.port}`, requests };
}
