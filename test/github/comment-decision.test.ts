import { describe, expect, it } from '@jest/globals';
import { decideComment } from '../../src/github/comment-decision.ts';
import { commentMarker, hasMarker, memoryLine, readMemory } from '../../src/github/marker.ts';

const pass = { verdict: 'pass', content: '1'.repeat(16), hasFindings: false } as const;
const fail = { verdict: 'fail', content: '2'.repeat(16), hasFindings: true } as const;
const noted = { verdict: 'pass', content: '3'.repeat(16), hasFindings: true } as const;
const saidFail = { memory: { state: 'fail', content: fail.content } } as const;
const saidPass = { memory: { state: 'pass', content: pass.content } } as const;

describe('when a comment is written', () => {
  it('always: at every run', () => {
    expect(decideComment('always', undefined, pass).write).toBe(true);
    expect(decideComment('always', saidPass, pass).write).toBe(true);
  });

  it('on-failure: not before the first failure, but from then on', () => {
    expect(decideComment('on-failure', undefined, noted).write).toBe(false);
    expect(decideComment('on-failure', undefined, fail).write).toBe(true);
    expect(decideComment('on-failure', undefined, { ...fail, verdict: 'undecided' }).write).toBe(true);
    expect(decideComment('on-failure', saidFail, pass).write).toBe(true);
  });

  it('on-change: when there is something to tell, and then when it differs', () => {
    expect(decideComment('on-change', undefined, pass).write).toBe(false);
    expect(decideComment('on-change', undefined, noted).write).toBe(true);
    expect(decideComment('on-change', saidFail, fail).write).toBe(false);
    expect(decideComment('on-change', saidFail, pass).write).toBe(true);
    expect(decideComment('on-change', { memory: undefined }, pass).write).toBe(true);
  });

  it('never: not even when there is one', () => {
    expect(decideComment('never', saidFail, pass).write).toBe(false);
  });

  it('remembers that something was resolved, until it fails again', () => {
    const next = (before: Parameters<typeof decideComment>[1], now: Parameters<typeof decideComment>[2]) => {
      const decision = decideComment('always', before, now);
      return decision.write ? decision.memory.state : undefined;
    };
    expect(next(undefined, pass)).toBe('pass');
    expect(next(saidFail, pass)).toBe('resolved');
    expect(next({ memory: { state: 'resolved', content: pass.content } }, pass)).toBe('resolved');
    expect(next({ memory: { state: 'resolved', content: pass.content } }, fail)).toBe('fail');
  });
});

describe('the marker', () => {
  it('is found on the first line only, for its own key only, with the line ends of a browser too', () => {
    const body = `${commentMarker('default')}\r\n${memoryLine(saidFail.memory)}\r\ntext`;
    expect(hasMarker(body, 'default')).toBe(true);
    expect(readMemory(body)).toEqual(saidFail.memory);
    expect(hasMarker(body, 'defaul')).toBe(false);
    expect(hasMarker(`> ${body}`, 'default')).toBe(false);
    expect(hasMarker(`quoted:\n${body}`, 'default')).toBe(false);
    expect(readMemory(`${commentMarker('default')}\ntext`)).toBeUndefined();
  });

  it('cannot be ended by a key', () => {
    expect(commentMarker('--> @everyone')).toBe('<!-- plugin-gate:--%3E%20%40everyone -->');
  });
});
