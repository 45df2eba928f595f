/** Times in a ZIP come from its entries and never from a clock: the same input gives the same bytes. */

/** The earliest that MS-DOS knows, for what has no time. */
export const NO_TIME_S = Date.UTC(1980, 0, 1) / 1000;
