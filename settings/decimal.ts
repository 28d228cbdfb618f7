/** A decimal number as people write it. Not hexadecimal, not `Infinity`, no blanks. */
export const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
