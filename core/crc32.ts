/**
 * Arithmetic on CRC32s (the polynomial of ZIP, APPNOTE 4.4.7). The CRC32 of bytes is computed elsewhere, by native code; here
 * those of pieces are put together without the pieces.
 */

const POLYNOMIAL = 0xedb88320;

/** x⁰ in the reflected order of bits. */
const ONE = 0x80000000;

/** a·b modulo the polynomial, all of them as polynomials over GF(2) (zlib's multmodp). */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

/** x^(8·2ⁿ) for n = 0…52: one for each bit of a length in bytes. */
const POWERS: readonly number[] = powersOfBytes();

function powersOfBytes(): readonly number[] {
  const powers = [ONE >>> 8];
  for (let n = 1; n < 53; n += 1) powers.push(square(powers[n - 1] ?? 0));
  return powers;
}

function square(polynomial: number): number {
  return multiply(polynomial, polynomial);
}

/** The CRC32 of A‖B from those of A and B and the length of B. */
export function crc32Combine(first: number, second: number, secondBytes: number): number {
  let shift = ONE;
  // Not by bit operators: a length may have more than 32 bits.
  for (let n = 0, rest = secondBytes; rest > 0; n += 1, rest = Math.floor(rest / 2))
    if (rest % 2 === 1) shift = multiply(POWERS[n] ?? 0, shift);
  return (multiply(shift, first >>> 0) ^ second) >>> 0;
}

/** The CRC32 of no bytes. */
export const EMPTY_CRC32 = 0;
