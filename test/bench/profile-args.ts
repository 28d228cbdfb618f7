/** What makes Node write a CPU profile into a folder when it ends, if there is to be one. */
export function profileArgs(folder: string | undefined): string[] {
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
}
