import { exitCodeOf, type Finding } from './finding.js';

const MARKS: Readonly<Record<Finding['state'], string>> = { ok: '✓', warn: '!', fail: '✗' };

/** One line for each finding, what to do below it, and a last line that sums up. */
export const renderText = (findings: readonly Finding[]): string =>
  `${[...findings.flatMap(lines), '', summary(findings)].join('\n')}\n`;

function lines({ name, state, address, message, todo }: Finding): readonly string[] {
  const line = [MARKS[state], `${name}:`, ...(address === null ? [] : [address, '–']), oneLine(message)].join(
    ' ',
  );
  return todo === null ? [line] : [line, `    → ${oneLine(todo)}`];
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  const [failed, warned] = [count('fail'), count('warn')];
  if (failed > 0) return `${failed} of ${findings.length} checks failed.`;
  return warned > 0 ? `Nothing failed; ${warned} to look at.` : 'All is well.';
}

/** The same for programs. */
export function renderJson(findings: readonly Finding[]): string {
  const exitCode = exitCodeOf(findings);
  const checks = findings.map(({ name, state, address, message, todo, blame }) => ({
    name,
    state,
    address,
    message,
    todo,
    blame,
  }));
  return `${JSON.stringify({ ok: exitCode === 0, exit_code: exitCode, checks }, null, 2)}\n`;
}
