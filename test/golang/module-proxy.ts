import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** One version of a module, as a module proxy serves it. */
export interface PublishedModule {
  readonly path: string;
  readonly version: string;
  /** By file name; `go.mod` must be there. */
  readonly files: Readonly<Record<string, string>>;
}

/** Writes a directory that GOPROXY=file:// can name (go help goproxy). */
export function writeProxy(root: string, modules: readonly PublishedModule[]): string {
  for (const { path, version, files } of modules) {
    const directory = join(root, path, '@v');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${version}.info`), JSON.stringify({ Version: version }));
    writeFileSync(join(directory, `${version}.mod`), files['go.mod'] ?? '');
    const entries = Object.entries(files).map(([name, text]) => [`${path}@${version}/${name}`, text] as const);
    writeFileSync(join(directory, `${version}.zip`), zip(entries));
  }
  return `file://${root}`;
}

/** A zip archive without compression (APPNOTE 4.3). */
function zip(entries: readonly (readonly [name: string, text: string])[]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of entries) {
    const [label, content] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(label.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, label, content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, tail, label]));
    parts.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
}
