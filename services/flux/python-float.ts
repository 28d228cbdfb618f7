/** From here on up Python writes an exponent, as it does below the other bound. */
const FIRST_WITH_EXPONENT = 1e16;
const LEAST_WITHOUT_EXPONENT = 1e-4;

/**
 * A number as Python's `repr(float)` writes it: the fewest digits that give the same double back, always a point or an
 * exponent, an exponent of two digits at least (`1.0`, `-0.0`, `1e+21`, `1.5e-09`, `inf`, `nan`). Pure.
 */
export function pythonFloatText(value: number): string {
  if (!Number.isFinite(value)) {
    return nonFiniteText(value);
  }
  const magnitude = Math.abs(value);
  if (magnitude >= FIRST_WITH_EXPONENT || (magnitude < LEAST_WITHOUT_EXPONENT && magnitude > 0)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const digits = Object.is(value, -0) ? "-0" : String(value);
  return digits.includes(".") ? digits : `${digits}.0`;
}

function nonFiniteText(value: number): string {
  if (Number.isNaN(value)) {
    return "nan";
  }
  return value > 0 ? "inf" : "-inf";
}
