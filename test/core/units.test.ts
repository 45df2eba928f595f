import { describe, expect, test } from '@jest/globals';
import { clock, humanBytes, megabytes, parseDuration, seconds } from '../../core/units.js';

test.each([
  [0, '0.0'],
  [1_048_576, '1.0'],
  [1_294_567_890, '1234.6'],
  [52_428, '0.0'],
  [52_429, '0.1'],
])('%i bytes are %s MB', (bytes, text) => {
  expect(megabytes(bytes)).toBe(text);
});

test.each([
  [0, '0.0'],
  [45_210, '45.2'],
  [49, '0.0'],
  [3_600_000, '3600.0'],
])('%i ms are %s s', (ms, text) => {
  expect(seconds(ms)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1.0 KB'],
  [1_610_612_736, '1.5 GB'],
  [5 * 1024 ** 5, '5.0 PB'],
  [5000 * 1024 ** 5, '5000.0 PB'],
])('%i bytes are %s for people', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

test.each([
  [0, '0:00'],
  [5, '0:05'],
  [65, '1:05'],
  [59.6, '1:00'],
  [3725, '1:02:05'],
  [43_200, '12:00:00'],
  [-3, '0:00'],
])('%d seconds are %s on a clock', (total, text) => {
  expect(clock(total)).toBe(text);
});

describe('a duration', () => {
  test.each([
    ['12h', 43_200_000],
    ['5m', 300_000],
    ['30s', 30_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    [' 5 m ', 300_000],
    ['0s', 0],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '5', 'm', '5 minutes', '-5m', '1h30m', '5M', '.5h', '1e3s', 'constructor'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});
