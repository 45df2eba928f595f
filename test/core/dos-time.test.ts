import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dosTime, type DosTime } from '../../core/dos-time.js';

const START_S = Date.UTC(1980, 0, 1) / 1000;
const END_S = Date.UTC(2107, 11, 31, 23, 59, 58) / 1000;

const read = ({ date, time }: DosTime): number =>
  Date.UTC(
    (date >> 9) + 1980,
    ((date >> 5) & 15) - 1,
    date & 31,
    time >> 11,
    (time >> 5) & 63,
    (time & 31) * 2,
  ) / 1000;

describe('an MS-DOS time', () => {
  test('is the time in UTC, to two seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: START_S, max: END_S }), (unixS) => {
        expect(read(dosTime(unixS))).toBe(unixS - (unixS % 2));
      }),
    );
  });

  test.each([
    '1980-01-01',
    '2000-02-29',
    '2024-02-29',
    '2024-12-31',
    '2100-02-28',
    '2100-03-01',
    '2107-12-31',
  ])('knows the calendar: %s', (day) =>
    expect(read(dosTime(Date.parse(day) / 1000))).toBe(Date.parse(day) / 1000),
  );

  test.each([
    ['before 1980', -1, START_S],
    ['long before 1970', -(10 ** 11), START_S],
    ['after 2107', END_S + 2, END_S],
    ['with a fraction', START_S + 2.9, START_S + 2],
  ])('%s is the nearest that there is', (_, unixS, nearest) => expect(read(dosTime(unixS))).toBe(nearest));
});
