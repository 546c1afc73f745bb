import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cli, ROOT } from './run.ts';

const nginx = join(ROOT, 'test', 'fixtures', 'nginx');

describe('one nginx module of two Debian releases', () => {
  const files = [join(nginx, 'headers-more-0.34-bookworm.so'), join(nginx, 'headers-more-0.38-trixie.so')];

  it('is undecided without debug information, and says what is missing', () => {
    const { status, stdout } = cli(['diff', ...files, '--format', 'json']);
    const { verdict, findings, schema } = JSON.parse(stdout);
    expect(schema).toBe('plugin-gate/diff/v1');
    expect(verdict).toBe('undecided');
    expect(findings).toMatchObject([{ rule: 'abi/types-not-compared', severity: 'undecided' }]);
    expect(findings[0].message).toContain('debug information');
    expect(status).toBe(3);
  });

  it('loads into no bare process, and the reason is its host', () => {
    const { status, stdout } = cli(['load', files[0] ?? '', '--format', 'json']);
    if (process.arch !== 'x64') return expect(status).not.toBe(0);
    expect(stdout).toContain('ngx_');
    expect(status).toBe(1);
  });
});

const TRIPLETS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'];
const gstreamer = TRIPLETS.map((triplet) => `/usr/lib/${triplet}/gstreamer-1.0`).find((place) => existsSync(place));

(gstreamer === undefined ? describe.skip : describe)(
  `GStreamer plugins${gstreamer === undefined ? ' [skipped: gstreamer1.0-plugins-base not installed]' : ''}`,
  () => {
    it('are inspected and load', () => {
      const place = gstreamer ?? '';
      const plugins = readdirSync(place)
        .filter((name) => name.endsWith('.so'))
        .slice(0, 12);
      expect(plugins.length).toBeGreaterThan(5);
      for (const name of plugins) {
        const inspected = JSON.parse(cli(['inspect', join(place, name), '--format', 'json']).stdout);
        expect(inspected.needed).toContain('libgstreamer-1.0.so.0');
        const descriptor = `gst_plugin_${name.replace(/^libgst|\.so$/g, '').replaceAll('-', '_')}_get_desc`;
        const exported: string[] = inspected.symbols.map((symbol: { name: string }) => symbol.name);
        expect(exported).toContain(descriptor);
        const { status, stdout } = cli(['load', join(place, name), '--symbol', descriptor, '--format', 'json']);
        expect([name, status]).toEqual([name, 0]);
        expect(JSON.parse(stdout).schema).toBe('plugin-gate/load/v1');
      }
    });
  },
);
