import { parseEnvironment, type Environment } from '../../core/settings.js';
import { fail, ok, type Finding } from './finding.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface CheckedEnvironment {
  readonly findings: readonly Finding[];
  /** The environment with mistaken variables left at their defaults, so that the servers are looked at all the same. */
  readonly environment: Environment;
}

const SUBJECT = { name: 'Environment', address: null };

export function checkEnvironment(env: Env): CheckedEnvironment {
  const parsed = parseEnvironment(env);
  if (parsed.ok) return { findings: [ok(SUBJECT, 'every variable can be read')], environment: parsed.value };
  const mistakes = parsed.message.split('\n');
  const findings = mistakes.map((line) => fail(SUBJECT, 'settings', line, todoFor(variableOf(line))));
  return { findings, environment: withDefaults(env, mistakes.map(variableOf)) };
}

const variableOf = (line: string): string => line.slice(0, line.indexOf(':'));

const todoFor = (variable: string): string =>
  `correct ${variable}, or unset it for its default (.env.example has every variable)`;

function withDefaults(env: Env, mistaken: readonly string[]): Environment {
  const parsed = parseEnvironment({
    ...env,
    ...Object.fromEntries(mistaken.map((name) => [name, undefined])),
  });
  if (parsed.ok) return parsed.value;
  throw new Error(`The environment cannot be read: ${parsed.message}`);
}
