/** A dry run's plan as a table. */
import type { Colors } from 'picocolors/types.js';
import type { RestorePreview } from '../core/contract.js';
import { printable } from '../core/report.js';
import { humanBytes } from '../core/units.js';

type PlannedRawFile = RestorePreview['raw_files'][number];

const idOf = ({ raw_file_id }: PlannedRawFile): string => printable(raw_file_id);

/** The columns between the raw file's id and its destination; all of them numbers. */
const NUMBERS: readonly (readonly [string, (rawFile: PlannedRawFile) => string])[] = [
  ['Files', ({ files }) => String(files)],
  ['Size', ({ bytes }) => humanBytes(bytes)],
  ['Download', ({ download }) => String(download)],
  ['Skip', ({ skip }) => String(skip)],
  ['Heal', ({ heal }) => String(heal)],
  ['To fetch', ({ bytes_to_download }) => humanBytes(bytes_to_download)],
];

/** One row for each raw file, in the order asked for, then disk space and problems. */
export function renderPlan(preview: RestorePreview, colors: Colors): string {
  const table = planTable(preview.raw_files, colors);
  const below = [...space(preview, colors), ...problems(preview, colors)];
  return `${['Dry run: nothing was written.', '', ...table, ...below].join('\n')}\n`;
}

function planTable(rawFiles: readonly PlannedRawFile[], colors: Colors): readonly string[] {
  const planned = rawFiles.filter(({ error }) => error === null);
  const idWidth = widest(['Raw file', ...rawFiles.map(idOf)]);
  const widths = NUMBERS.map(([title, cell]) => widest([title, ...planned.map(cell)]));
  const line = (id: string, numbers: readonly string[], last: string): string =>
    [id.padEnd(idWidth), ...numbers.map((text, column) => text.padStart(widths[column] ?? 0)), last]
      .join('  ')
      .trimEnd();
  const rows = rawFiles.map((rawFile) => {
    const { error, destination } = rawFile;
    if (error !== null) return `${idOf(rawFile).padEnd(idWidth)}  ${colors.red(printable(error))}`;
    return line(
      idOf(rawFile),
      NUMBERS.map(([, cell]) => cell(rawFile)),
      printable(destination ?? ''),
    );
  });
  return [
    line(
      'Raw file',
      NUMBERS.map(([title]) => title),
      'Destination',
    ),
    ...rows,
  ];
}

const widest = (texts: readonly string[]): number =>
  texts.reduce((width, text) => Math.max(width, text.length), 0);

function space({ filesystems }: RestorePreview, colors: Colors): readonly string[] {
  const lines = filesystems.map(({ path, needed_bytes, free_bytes }) => {
    const text = `  ${printable(path)}: ${humanBytes(needed_bytes)} needed, ${humanBytes(free_bytes)} free`;
    return needed_bytes > free_bytes ? colors.red(`${text}: not enough`) : text;
  });
  return lines.length > 0 ? ['', 'Disk space:', ...lines] : [];
}

function problems({ problems: found, problems_omitted }: RestorePreview, colors: Colors): readonly string[] {
  if (found.length === 0) return [];
  const lines = found.map(
    ({ raw_file_id, file, status }) =>
      `  ${printable(raw_file_id)}  ${printable(file)}: ${colors.red(printable(status))}`,
  );
  return ['', 'Problems:', ...lines, ...(problems_omitted > 0 ? [`  … and ${problems_omitted} more`] : [])];
}
