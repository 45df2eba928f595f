const PATIENCE_MS = 1000;

/**
 * Of a worker that never came up the SDK leaves threads behind (a namespace that does not exist, say), and they would keep the
 * process alive for ever: it ends with this code all the same.
 */
export function endAnyway(exitCode: number): number {
  setTimeout(() => process.exit(exitCode), PATIENCE_MS).unref();
  return exitCode;
}
