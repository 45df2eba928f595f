/** What is compressed already: deflating it again costs time and saves nothing. */
import type { Compression } from './zip-contract.js';

const EXTENSIONS: ReadonlySet<string> = new Set(
  [
    '7z ace apk arj br bz2 cab crx deb dmg epub gz jar lz lz4 lzma lzo nupkg rar rpm sz tbz2 tgz txz war whl xpi xz z zip zst',
    'docm docx odg odp ods odt pptm pptx vsdx xlsm xlsx xps pdf',
    'avif gif heic heif j2k jp2 jpeg jpg jxl jxr png webp cbr cbz kmz',
    'aac ac3 amr ape flac m4a mka mp2 mp3 oga ogg opus wma',
    '3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg ogv swf vob webm wmv',
    'parquet woff woff2',
  ].flatMap((line) => line.split(' ')),
);

const CONTENT_TYPES: ReadonlySet<string> = new Set(
  [
    'epub+zip gzip java-archive pdf vnd.android.package-archive vnd.rar x-7z-compressed x-brotli x-bzip2 x-gzip x-rar-compressed',
    'x-tar+gzip x-xz x-zip-compressed zip zstd vnd.apache.parquet vnd.debian.binary-package font-woff',
  ]
    .flatMap((line) => line.split(' '))
    .map((subtype) => `application/${subtype}`)
    .concat('font/woff', 'font/woff2'),
);

/** Of these families only the named few are not compressed. */
const FAMILIES = /^(?:image|audio|video)\//;
const RAW_MEDIA =
  /^(?:image\/(?:bmp|x-ms-bmp|svg\+xml|tiff|x-portable-.*|dicom-rle|x-icon|vnd\.microsoft\.icon)|audio\/(?:wav|x-wav|vnd\.wave|aiff|x-aiff|midi|basic|l16))$/;
const OFFICE = /^application\/vnd\.(?:openxmlformats-officedocument|oasis\.opendocument)\./;

/** Whether a file's name or its content type says that it is compressed. */
export function isCompressed(name: string, contentType: string | null): boolean {
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (EXTENSIONS.has(extension)) return true;
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return CONTENT_TYPES.has(type) || OFFICE.test(type) || (FAMILIES.test(type) && !RAW_MEDIA.test(type));
}

/** How to write a file when the job asks for `wanted`: what is empty or compressed already is stored. */
export const methodFor = (
  wanted: Compression,
  file: { readonly name: string; readonly contentType: string | null; readonly sizeBytes: number },
): Compression =>
  wanted === 'deflate' && file.sizeBytes > 0 && !isCompressed(file.name, file.contentType)
    ? 'deflate'
    : 'store';
