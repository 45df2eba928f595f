/** MS-DOS dates (APPNOTE 4.4.6): two seconds exact, without a zone. Ours are UTC, so that equal input gives equal bytes. */

export interface DosTime {
  readonly date: number;
  readonly time: number;
}

const DAY_S = 86_400;
const FIRST: DosTime = { date: (1 << 5) | 1, time: 0 };
/** 2107-12-31 23:59:58: seven bits for the year. */
const LAST: DosTime = { date: (127 << 9) | (12 << 5) | 31, time: (23 << 11) | (59 << 5) | 29 };

/** Seconds since 1970 as an MS-DOS date and time in UTC; what lies outside 1980–2107 becomes the nearest end. */
export function dosTime(unixS: number): DosTime {
  const days = Math.floor(unixS / DAY_S);
  const secondOfDay = Math.floor(unixS) - days * DAY_S;
  const { year, month, day } = civilDate(days);
  if (year < 1980) return FIRST;
  if (year > 2107) return LAST;
  const [hour, minute] = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60];
  return {
    date: ((year - 1980) << 9) | (month << 5) | day,
    time: (hour << 11) | (minute << 5) | ((secondOfDay % 60) >> 1),
  };
}

/** Days since 1970-01-01 → Gregorian date; years begin in March, so that a leap day is a year's last. */
function civilDate(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const sinceEra = days + 719_468;
  const era = Math.floor(sinceEra / 146_097);
  const dayOfEra = sinceEra - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
