/** A ZIP archive of the chosen files, because a request holds one file. */

export interface PackedFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const UTF8_NAMES = 1 << 11;
const DEFLATE = 8;
const VERSION = 20;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The fields of a header: [size in bytes, value]. */
function header(fields: ReadonlyArray<readonly [2 | 4, number]>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

/** At most 65,535 files. */
export async function zip(files: readonly PackedFile[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const packed = await deflate(file.bytes);
    const common = [
      [2, VERSION],
      [2, UTF8_NAMES],
      [2, DEFLATE],
      // No time of the file.
      [4, 0],
      [4, crc32(file.bytes)],
      [4, packed.length],
      [4, file.bytes.length],
      [2, name.length],
      [2, 0],
    ] as const;
    parts.push(header([[4, 0x04034b50], ...common]), name, packed);
    // Comment, disk, attributes, and where the file begins.
    directory.push(
      header([[4, 0x02014b50], [2, VERSION], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, length]]),
      name,
    );
    length += 30 + name.length + packed.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = header([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, files.length],
    [2, files.length],
    [4, size],
    [4, length],
    [2, 0],
  ]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
