import { describe, expect, it } from '@jest/globals';
import { apiFailure } from '../../src/github/failure.ts';

function answered(status: number, message: string, headers: Readonly<Record<string, string>> = {}): unknown {
  return Object.assign(new Error(message), { status, response: { headers, data: { message } } });
}

describe('what a failed request means', () => {
  it.each([
    [401, 'Bad credentials', {}, 'credentials'],
    [403, 'Resource not accessible by integration', {}, 'permission'],
    [404, 'Not Found', {}, 'permission'],
    [403, 'Unable to create comment because issue is locked.', {}, 'refused'],
    [403, 'Repository was archived so is read-only.', {}, 'refused'],
    [403, 'You must authenticate via a GitHub App.', {}, 'refused'],
    [403, 'You have exceeded a secondary rate limit', {}, 'rate-limit'],
    [403, 'API rate limit exceeded', { 'x-ratelimit-remaining': '0' }, 'rate-limit'],
    [429, 'Too many requests', {}, 'rate-limit'],
    [422, 'Validation Failed', {}, 'refused'],
    [502, 'Server Error', {}, 'unavailable'],
  ])('%i %s', (status, message, headers, kind) => {
    expect(apiFailure(answered(status, message, headers), 0)).toMatchObject({ kind, status, message });
  });

  it('waits as long as GitHub asks: retry-after, the end of the limit, a minute', () => {
    const wait = (headers: Readonly<Record<string, string>>) =>
      apiFailure(answered(429, 'x', headers), 1_000_000).waitMs;
    expect(wait({ 'retry-after': '7' })).toBe(7000);
    expect(wait({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1030' })).toBe(31_000);
    expect(wait({ 'retry-after': 'soon' })).toBe(60_000);
    expect(wait({})).toBe(60_000);
  });

  it('takes everything without an answer as unavailable', () => {
    // Octokit gives a lost connection the status 500, without a response.
    expect(apiFailure(Object.assign(new Error('ECONNRESET'), { status: 500 }), 0)).toEqual({
      kind: 'unavailable',
      message: 'ECONNRESET',
    });
    expect(apiFailure('text', 0)).toEqual({ kind: 'unavailable', message: 'text' });
  });
});
