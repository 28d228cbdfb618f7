import assert from "node:assert/strict";
import { test } from "node:test";
import { type System, systemFault, thisSystem } from "../../../services/local/parts/system.ts";

const NEEDED = { major: 2, minor: 34 };

test("a system that a program cannot run on is named with what is wrong with it", () => {
  const check = (system: System, want: string | undefined) => assert.equal(systemFault(system, NEEDED), want);
  const linux = { platform: "linux", arch: "x64" } as const;
  check({ ...linux, glibc: "2.34" }, undefined);
  check({ ...linux, glibc: "2.100" }, undefined);
  check({ ...linux, glibc: "3.0" }, undefined);
  check({ ...linux, glibc: "2.31" }, "it needs glibc 2.34, and this system has glibc 2.31");
  check({ ...linux, glibc: undefined }, "it needs glibc 2.34, and this system has no glibc");
  check({ ...linux, arch: "arm64", glibc: "2.36" }, "it is built for linux x64, and this is linux arm64");
  check({ platform: "darwin", arch: "arm64", glibc: undefined }, "it is built for linux x64, and this is darwin arm64");
});

test("the glibc of this system is found", () => {
  assert.match(thisSystem().glibc ?? "", /^\d+\.\d+/);
});
