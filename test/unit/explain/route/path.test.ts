import { describe, expect, test } from 'vitest';
import { matchedPath } from '../../../../src/explain/route/path.js';

describe('the path that routes see', () => {
  test.each([
    ['/a/../b', '/b'],
    ['/./b?x=/../y', '/b?x=/../y'],
    ['/a/%2e%2E/b', '/b'],
    ['/a\\..\\b', '/b'],
    ['/%61%2d%31', '/a-1'],
    ['/a%20b%2Fc', '/a%20b%2Fc'],
    ['//a', '//a'],
    ['*', '*'],
  ])('of %s is %s where paths are normalised', (written, matched) => {
    expect(matchedPath(written, { normalize_path: true })).toBe(matched);
    expect(matchedPath(written, {})).toBe(written);
  });

  test('has runs of slashes as one, and escaped slashes as slashes, where that is asked for', () => {
    const decoded = { normalize_path: true, merge_slashes: true };
    expect(matchedPath('//a///b?c=//', decoded)).toBe('/a/b?c=//');
    const action = { path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD' };
    expect(matchedPath('/a%2F%2fb%5cc', { ...decoded, ...action })).toBe('/a/b/c');
  });

  test('is refused with escaped slashes where they are', () => {
    const action = { path_with_escaped_slashes_action: 'REJECT_REQUEST' };
    expect(matchedPath('/a%2fb', action)).toBeUndefined();
    expect(matchedPath('/a/b?c=%2f', action)).toBe('/a/b?c=%2f');
  });
});
