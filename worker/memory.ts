import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets the heap grow to four times what is in use before it collects, as long as the machine has memory. A worker holds little
 * and produces much garbage (each request to S3), so it would seem to need half a gigabyte: it collects after a quarter instead.
 * The threads that are started from now on (workflows, hashing) allocate little and get a small nursery.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=25');
  setFlagsFromString('--max-semi-space-size=2');
}
