import { urlAnswers } from './answers.js';

export function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/**
 * A server named in the environment is used as it is, or the start fails: silently starting another would
 * hide the mistake.
 */
export async function requireGiven(variable: string, url: string): Promise<void> {
  if (await urlAnswers(url)) return;
  throw new Error(
    `${variable} names ${new URL(url).host}, and nothing answers there. Start that server, or unset ${variable} to have one started here.`,
  );
}
