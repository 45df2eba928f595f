/** Reports that could be written nowhere travel in the job's result, so that they are not lost. */
import type { RestoreResult } from '../core/contract.js';

type Unwritten = NonNullable<RestoreResult['unwritten_reports']>;

/**
 * Bytes of all texts together, as JSON. Temporal takes 2 MB at once, and the result of a cancelled job travels twice: in its
 * memo and in its failure.
 */
const MAX_BYTES = 500_000;

/** The same reports, in order, with texts that fit into a result together; one that does not is cut behind a line, and says so. */
export function fitIntoResult(reports: Unwritten): Unwritten {
  let left = MAX_BYTES;
  return reports.map((report) => {
    const text = jsonBytes(report.text) <= left ? report.text : cut(report.text, left);
    left = Math.max(0, left - jsonBytes(text));
    return { ...report, text };
  });
}

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

function cut(text: string, maxBytes: number): string {
  const lines = text.split('\n').slice(0, -1);
  let [bytes, kept] = [0, 0];
  for (const line of lines) {
    bytes += jsonBytes(`${line}\n`);
    if (bytes > maxBytes) break;
    kept += 1;
  }
  const mark = `… cut here: ${kept} of ${lines.length} lines fit into the result of the job`;
  return [...lines.slice(0, kept), mark, ''].join('\n');
}
