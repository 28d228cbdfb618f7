import { LocalProblem } from "../local-problem.ts";

/** What programs are built for. `glibc` is undefined on systems without it. */
export interface System {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly glibc: string | undefined;
}

/** The system that we run on. */
export function thisSystem(): System {
  const report: unknown = process.report?.getReport();
  return { platform: process.platform, arch: process.arch, glibc: glibcOf(report) };
}

/** Why a program for Linux on x64 cannot run on a system, in words, or undefined when it can. */
export function systemFault(system: System, minGlibc: { major: number; minor: number }): string | undefined {
  if (system.platform !== "linux" || system.arch !== "x64") {
    return `it is built for linux x64, and this is ${system.platform} ${system.arch}`;
  }
  const [major = 0, minor = 0] = (system.glibc ?? "").split(".").map(Number);
  const isNewEnough = major > minGlibc.major || (major === minGlibc.major && minor >= minGlibc.minor);
  const found = system.glibc ? `glibc ${system.glibc}` : "no glibc";
  return isNewEnough ? undefined : `it needs glibc ${minGlibc.major}.${minGlibc.minor}, and this system has ${found}`;
}

/** @throws LocalProblem where a program for Linux on x64 cannot run. */
export function requireSystem(cannot: string, minGlibc: { major: number; minor: number }, otherwise: string): void {
  const fault = systemFault(thisSystem(), minGlibc);
  if (fault !== undefined) {
    throw new LocalProblem(`${cannot}: ${fault}: ${otherwise}`);
  }
}

function glibcOf(report: unknown): string | undefined {
  if (typeof report !== "object" || report === null || !("header" in report)) {
    return undefined;
  }
  const { header } = report;
  const hasVersion = typeof header === "object" && header !== null && "glibcVersionRuntime" in header;
  return hasVersion && typeof header.glibcVersionRuntime === "string" ? header.glibcVersionRuntime : undefined;
}
