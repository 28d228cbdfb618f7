/** A number of bytes as text, in whole MiB. */
export function mebibytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(0)} MiB`;
}
