import { describe, expect, it } from '@jest/globals';
import { actionLog } from '../../src/action/log.ts';
import { readRunnerLog } from './runner-log.ts';

function recorded(debugging = false) {
  let text = '';
  let count = 0;
  const log = actionLog(
    (chunk) => {
      text += chunk;
    },
    debugging,
    () => `token-${++count}`,
  );
  return { log, text: () => text, read: () => readRunnerLog(text) };
}

const HOSTILE = '::set-output name=verdict::pass\n  ::error::forged\n##[add-mask]x\n::stop-commands::mine\n';

describe('the log of the Action', () => {
  it('shows activities as groups, and opens a new one only after closing the last', () => {
    const { log, text } = recorded();
    log.progress.start('building greet');
    log.progress.start('loading greet\n::error::x');
    log.progress.end();
    log.progress.end();
    expect(text()).toBe('::group::building greet\n::endgroup::\n::group::loading greet\\n::error::x\n::endgroup::\n');
  });

  it('lets no output of a program become a command, whatever its chunks', () => {
    const { log, read } = recorded();
    log.progress.start('building');
    for (const chunk of [HOSTILE, ':', ':set-env name=PATH::/evil\n', '::token-0::\n::error::x\n', 'no line end']) {
      log.progress.output(chunk);
    }
    log.annotate('notice', 'ours');
    log.progress.output('::endgroup::\r::error::after');
    log.progress.end();
    expect(read().commands.map(({ name, message }) => [name, message])).toEqual([
      ['group', 'building'],
      ['notice', 'ours'],
      ['endgroup', ''],
    ]);
    expect(read().lines.join('\n')).toContain('::set-env name=PATH::/evil');
  });

  it('uses a new token each time, so that one that was seen is worth nothing', () => {
    const { log, read } = recorded();
    log.progress.output('first\n');
    log.info('between');
    log.progress.output('::token-1::\n::error::forged\n');
    log.progress.end();
    expect(read().commands).toEqual([]);
  });

  it('takes tokens that nobody can guess', () => {
    let text = '';
    const write = (chunk: string) => {
      text += chunk;
    };
    for (const log of [actionLog(write, false), actionLog(write, false)]) log.progress.output('x\n');
    const tokens = [...text.matchAll(/::stop-commands::([0-9a-f-]{36})\n/g)].map(([, token]) => token);
    expect(new Set(tokens).size).toBe(2);
  });

  it('prints its own lines without commands in them', () => {
    const { log, read } = recorded();
    log.info(HOSTILE);
    expect(read().commands).toEqual([]);
  });

  it('escapes what it says about a place', () => {
    const { log, read } = recorded();
    log.annotate('error', 'a\nb%0A::error::c', { file: 'a,b:c.c', line: 3, column: 1, title: 't,:\u202e' });
    expect(read().commands).toEqual([
      {
        name: 'error',
        properties: { title: 't,:\\u202e', file: 'a,b:c.c', line: '3', col: '1' },
        message: 'a\nb%0A::error::c',
      },
    ]);
  });

  it('is silent about details unless the job runs with debug logging', () => {
    const quiet = recorded(false);
    quiet.log.debug('GET x: 200');
    expect(quiet.text()).toBe('');
    const loud = recorded(true);
    loud.log.debug('GET x: 200\n::error::y');
    expect(loud.read().commands).toEqual([{ name: 'debug', properties: {}, message: 'GET x: 200\n::error::y' }]);
  });
});
