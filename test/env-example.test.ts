import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { environmentSchema } from '../core/settings.js';

interface Entry {
  readonly name: string;
  /** Undefined where the line is commented out: no default. */
  readonly value: string | undefined;
  readonly meaning: string;
}

const text = readFileSync(join(process.cwd(), '.env.example'), 'utf8');

const entries: readonly Entry[] = [
  ...text.matchAll(/^# (?<meaning>.+)\n(?<off>#?)(?<name>[A-Z][A-Z0-9_]*)=(?<value>.*)$/gm),
].map(({ groups }) => ({
  name: groups?.['name'] ?? '',
  value: groups?.['off'] === '#' ? undefined : groups?.['value'],
  meaning: groups?.['meaning'] ?? '',
}));

/** What the schema takes where a variable is absent, as it is written in an environment. */
const defaultOf = (name: string): unknown => {
  const field = environmentSchema.shape[name as keyof typeof environmentSchema.shape];
  return field.parse(undefined);
};

describe('.env.example', () => {
  test('has every variable of the schema, each once and with a meaning, and no other', () => {
    expect(entries.map(({ name }) => name).toSorted()).toEqual(
      Object.keys(environmentSchema.shape).toSorted(),
    );
    expect(text.match(/^#?[A-Z][A-Z0-9_]*=/gm)).toHaveLength(entries.length);
    for (const { meaning } of entries) expect(meaning).toMatch(/^[^-].{10,}/);
  });

  test.each(entries.filter(({ value }) => value !== undefined))(
    '$name=$value is the default',
    ({ name, value }) => {
      const field = environmentSchema.shape[name as keyof typeof environmentSchema.shape];
      expect(field.parse(value)).toEqual(defaultOf(name));
    },
  );

  test('what is commented out has no default', () => {
    for (const { name } of entries.filter(({ value }) => value === undefined))
      expect([name, defaultOf(name)]).toEqual([name, undefined]);
  });
});
