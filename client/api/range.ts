/** Ranges of a download (RFC 9110 §14): one range of bytes, nothing else. */
export type AskedRange =
  | { readonly kind: 'whole' }
  /** The bytes `[start, end)`. */
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

export interface RangeHeaders {
  readonly range?: string | undefined;
  readonly 'if-range'?: string | string[] | undefined;
}

/** Which bytes are asked for. Other units and several ranges are answered with the whole, as the RFC allows. */
export function askedRange(headers: RangeHeaders, etag: string, sizeBytes: number): AskedRange {
  const { range, 'if-range': ifRange } = headers;
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return { kind: 'whole' };
  const specs = /^\s*bytes\s*=(.*)$/i.exec(range)?.[1]?.split(',') ?? [];
  return specs.length === 1 ? parseSpec(specs[0]?.trim() ?? '', sizeBytes) : { kind: 'whole' };
}

function parseSpec(spec: string, sizeBytes: number): AskedRange {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
  if (first === '' && last === '') return { kind: 'unsatisfiable' };
  if (first === '') return part(Math.max(0, sizeBytes - Number(last)), sizeBytes);
  const end = last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  return part(Number(first), end);
}

const part = (start: number, end: number): AskedRange =>
  start < end ? { kind: 'part', start, end } : { kind: 'unsatisfiable' };
