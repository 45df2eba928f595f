/** Bytes, rates and durations as people read them. In reports one MB is 1,048,576 bytes (CONTRACT §1). */
export const MEBIBYTE = 1_048_576;

/** 1294567890 → "1234.6": one decimal, without the unit. */
export const megabytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(1);

/** 45210 → "45.2": one decimal, without the unit. */
export const seconds = (elapsedMs: number): string => (elapsedMs / 1000).toFixed(1);

const SCALE = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** 1610612736 → "1.5 GB": the largest unit that keeps the number above 1. */
export function humanBytes(bytes: number): string {
  const exponent = bytes < 1 ? 0 : Math.min(SCALE.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** exponent;
  return `${exponent === 0 ? value.toFixed(0) : value.toFixed(1)} ${SCALE[exponent] ?? 'B'}`;
}

/** 3725 → "1:02:05", 65 → "1:05": seconds as a clock shows them. */
export function clock(totalSeconds: number): string {
  const whole = Math.max(0, Math.round(totalSeconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** "12h" → 43200000, "5m", "30s", "250ms", "1.5h"; null where it is not such a duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  const perUnit = MS_PER_UNIT[match?.[2] ?? ''];
  return match?.[1] === undefined || perUnit === undefined ? null : Math.round(Number(match[1]) * perUnit);
}
