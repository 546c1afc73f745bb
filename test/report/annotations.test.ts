import { describe, expect, it } from '@jest/globals';
import { annotationsOf, renderAnnotations } from '../../src/report/annotations.ts';
import { expectText } from './expected.ts';
import { manyFindings, SAMPLES, sample } from './samples.ts';

/** Reads a line as the runner does: ActionCommand.cs, TryParseV2 and the unescape maps. */
function readCommand(line: string) {
  const match = /^::(\w+) ([\s\S]*?)::([\s\S]*)$/.exec(line);
  if (match === null) throw new Error(`not a command: ${line}`);
  const [, command, properties = '', data = ''] = match;
  const unescapeData = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const pairs = properties.split(',').map((pair) => {
    const [key = '', ...rest] = pair.split('=');
    return [key, unescapeData(rest.join('=').replaceAll('%3A', ':').replaceAll('%2C', ','))];
  });
  return { command, properties: Object.fromEntries(pairs), message: unescapeData(data) };
}

const commandsOf = (text: string) => text.split('\n').filter(Boolean).map(readCommand);

describe('renderAnnotations', () => {
  it.each(SAMPLES)('writes the %s report as test/report/expected/ shows', (name) => {
    expectText(`${name}.commands`, renderAnnotations(sample(name)));
  });

  it('is read back by the runner as what was meant, hostile names too', () => {
    for (const name of SAMPLES) {
      const commands = commandsOf(renderAnnotations(sample(name)));
      const meant = annotationsOf(sample(name)).map(({ level, title, message, file, line, column }) => ({
        command: level,
        properties: {
          ...(file === undefined ? {} : { file, line: String(line) }),
          ...(column === undefined ? {} : { col: String(column) }),
          title,
        },
        message,
      }));
      expect(commands).toEqual(meant);
    }
  });

  it('names files of the repository alone', () => {
    const files = annotationsOf(sample('hostile')).flatMap(({ file }) => file ?? []);
    expect(files).toEqual(['a b/%2e%2e/<x>&"\'|`#?[]().c']);
  });

  it('shows at most ten of a level, the worst, and counts the rest', () => {
    const commands = commandsOf(renderAnnotations(manyFindings(10_000)));
    expect(commands).toHaveLength(10);
    expect(commands[0]?.message).toContain('greet_symbol_number_0');
    expect(commands[9]?.message).toContain('9,991 more errors of plugin-gate');
  });

  it('keeps to what is left of the job', () => {
    expect(commandsOf(renderAnnotations(sample('failing'), { total: 3 })).map(({ command }) => command)).toEqual([
      'error',
      'error',
      'error',
    ]);
    expect(renderAnnotations(sample('failing'), { total: 0 })).toBe('');
  });

  it('says nothing about waived findings and notes', () => {
    expect(renderAnnotations(sample('waived'))).toBe('');
    expect(renderAnnotations(sample('passing'))).toBe('');
  });
});
